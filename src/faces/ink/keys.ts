// The keys that work on every page beside those that answer it: what each does, and on which page it is offered.
import type { Page } from '../../words/page.ts';

/** What a key does. */
export type KeyDeed = 'help' | 'why' | 'details' | 'commands' | 'copy' | 'freeze' | 'leave' | 'suspend';

type KeyWords = { key: string; name: string; short: string; means: string; fits: (page: Page<unknown>) => boolean };

const always = () => true;

/** Every such key, in the order in which they are listed. */
export const KEYS: Readonly<Record<KeyDeed, KeyWords>> = {
  help: { key: '?', name: '?', short: 'help', means: 'explain this step, and list the keys', fits: always },
  why: {
    key: 'w',
    name: 'w',
    short: 'why',
    means: 'explain the words of this page',
    fits: ({ why = [] }) => why.length > 0,
  },
  details: {
    key: 'd',
    name: 'd',
    short: 'details',
    means: 'show the details of this page, or fold them again',
    fits: ({ details = [] }) => details.length > 0,
  },
  commands: {
    key: 'c',
    name: 'c',
    short: 'commands',
    means: 'show the exact commands, and copy them',
    fits: ({ commands = [] }) => commands.length > 0,
  },
  copy: { key: 'y', name: 'y', short: 'copy', means: 'copy the marked log line, else the report so far', fits: always },
  freeze: {
    key: 'p',
    name: 'p',
    short: 'freeze',
    means: 'freeze the live view, or let it go on; counting goes on',
    fits: ({ live }) => live.length > 0,
  },
  leave: { key: 'q', name: 'q', short: 'leave', means: 'leave: what is on trial is taken back first', fits: always },
  suspend: {
    key: 'z',
    name: 'Ctrl-Z',
    short: 'shell',
    means: 'back to the shell for a while; fg returns',
    fits: always,
  },
};

const isDeed = (name: string): name is KeyDeed => name in KEYS;

/** The deeds of a page, in their order. */
export const deedsOf = (page: Page<unknown>): KeyDeed[] =>
  Object.keys(KEYS).filter((name): name is KeyDeed => isDeed(name) && KEYS[name].fits(page));

/** What a key press asks for on a page; null where it is none of these keys. Where text is typed only Ctrl-Z is one. */
export const deedOf = (page: Page<unknown>, input: string, isCtrl: boolean): KeyDeed | null => {
  if (isCtrl) return input === 'z' ? 'suspend' : null;
  if (page.input !== null) return null;
  return deedsOf(page).find((deed) => deed !== 'suspend' && KEYS[deed].key === input) ?? null;
};
