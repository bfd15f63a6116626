// What a key lays over a page: help, the commands, what was copied. Pages themselves, closed by Esc.
import { type Block, gap, type Page, text } from '../../words/page.ts';
import { deedsOf, KEYS, type KeyDeed } from './keys.ts';

/** What is chosen on a sheet: something to do, or to close it. */
export type SheetEvent = KeyDeed | 'close';

/** Where a copied text went: `file` is null where it is in none. `clipboard`: it was offered to the terminal. */
export type Copied = { readonly clipboard: boolean; readonly file: string | null };

const sheet = (parts: Pick<Page<SheetEvent>, 'title' | 'body'>, busy: string | null): Page<SheetEvent> => ({
  live: [],
  choices: [{ label: 'Back to the page', event: 'close', recommended: true }],
  initial: 0,
  input: null,
  back: 'close',
  busy,
  ...parts,
});

/** `?`: what happens in this step, and every key; those that do something can be chosen. */
export const helpSheet = (page: Page<unknown>, step: string, explained: readonly Block[]): Page<SheetEvent> => {
  const offered = deedsOf(page).filter((deed) => deed !== 'help');
  return {
    ...sheet({ title: `Help: ${step}`, body: [] }, page.busy),
    body: [
      ...explained,
      gap,
      {
        kind: 'facts',
        rows: [
          ['Up, Down, j, k', 'move the mark; Enter takes it, a digit takes that choice'],
          ['Space, b', 'a screen on and back, as PageDown and PageUp; Home and End'],
          ['/', 'search the page: rules that are folded, and every entry'],
          ['Esc', page.back === null ? 'closes this' : 'one page back'],
          ['Ctrl-C', 'leave at once; what is on trial is taken back'],
        ],
      },
    ],
    choices: [
      { label: 'Back to the page', event: 'close', recommended: true },
      ...offered.map((deed) => ({ label: `${KEYS[deed].name}  ${KEYS[deed].means}`, event: deed })),
    ],
  };
};

/** `w`: the words of the page, explained. */
export const whySheet = ({ why = [], busy }: Page<unknown>): Page<SheetEvent> =>
  sheet({ title: 'Why: the words of this page', body: why }, busy);

const tellCopied = ({ clipboard, file }: Copied): Block[] => [
  ...(clipboard
    ? [text("Offered to your terminal's clipboard (OSC 52); not every terminal, and not every tmux, takes it.")]
    : [text('Too long for the clipboard of a terminal.')]),
  ...(file === null ? [] : [text(`The same is in ${file}`)]),
];

/** `c`: the commands whole, one a line, and where they were copied to. */
export const commandsSheet = (page: Page<unknown>, copied: Copied): Page<SheetEvent> =>
  sheet(
    {
      title: 'The exact commands, for a root shell',
      body: [{ kind: 'code', lines: page.commands ?? [] }, gap, ...tellCopied(copied)],
    },
    page.busy,
  );

/** `y`: what was copied, and where to. */
export const copiedSheet = (page: Page<unknown>, what: string, copied: Copied): Page<SheetEvent> =>
  sheet({ title: `Copied: ${what}`, body: tellCopied(copied) }, page.busy);
