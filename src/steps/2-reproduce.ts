// Step 2 in words: what fails, how it is repeated, and the entries that come in meanwhile.
import { listActions, type UserAction } from '../wizard/action.ts';
import type { Event } from '../wizard/event.ts';
import type { Case, PhaseOf } from '../wizard/state.ts';
import { countAlike, distinctLines, markEntry, tellEntry } from '../words/entry-line.ts';
import { type Block, type Page, type PageChoice, span, text } from '../words/page.ts';
import { adviseByHand, nameAction, nameTries } from './actions.ts';
import { page, tellProblem } from './pages.ts';

const toChoice = (action: UserAction, index: number): PageChoice<Event> => ({
  label: nameAction(action),
  event: action.id === 'command' ? { name: 'command-chosen' } : { name: 'action-chosen', action },
  recommended: index === 0,
});

/** Entries listed at the most: all of them are counted. */
const LISTED = 50;

/** The new entries, what is alike in one line with its number, the latest at the end: a list that flies past can't be read. */
const liveEntries = ({ entries }: Case): Block[] =>
  countAlike(distinctLines(entries))
    .slice(-LISTED)
    .map(({ latest, count: times }) =>
      text(...tellEntry(latest), ...(times > 1 ? [span('dim', `  ${times} times`)] : [])),
    );

/** Each entry as the log has it, for a search. */
const allEntries =
  ({ entries }: Case) =>
  (): Block[] => [{ kind: 'code', lines: distinctLines(entries).map(markEntry) }];

const nothingYet = ({ entries }: Case): Block[] =>
  entries.length === 0 ? [text(span('dim', 'No new firewall entry yet.'))] : [text('New firewall entries:')];

const tail = (output: string): Block[] =>
  output.trim() === '' ? [] : [text('Its output:'), { kind: 'code', lines: output.trimEnd().split('\n').slice(-6) }];

const sayWhatIsSent = (action: UserAction | null): string =>
  action?.tries.some(({ protocol }) => protocol === 'udp') === true
    ? 'nothing is sent but over UDP, where it is one small question.'
    : 'nothing is sent.';

/** The page of a phase of step 2. */
export const reproducePage = (phase: PhaseOf<'reproduce'>, walk: Case): Page<Event> => {
  const action = walk.action;
  switch (phase.name) {
    case 'naming-command':
      return page({
        title: 'Which command fails?',
        body: [
          text(
            "Type it as in a shell. It runs as the user that runs lo-doctor, and a rule can judge users differently: for the web server's user write for example",
          ),
          { kind: 'code', lines: ['sudo -u www-data wp plugin update --all'] },
        ],
        input: {
          prompt: 'Command:',
          draft: '',
          toEvent: (commandLine) =>
            commandLine.trim() === ''
              ? { name: 'back-chosen' }
              : { name: 'action-chosen', action: { id: 'command', tries: [], commandLine } },
        },
        back: { name: 'back-chosen' },
      });
    case 'trying':
      return page({
        title: action?.commandLine ? 'Running your command' : 'Repeating what fails',
        body: [
          action?.commandLine
            ? { kind: 'code', lines: [action.commandLine] }
            : text(`Opening a connection to ${action === null ? '' : nameTries(action)}; ${sayWhatIsSent(action)}`),
          ...tail(phase.output),
          ...nothingYet(walk),
        ],
        live: liveEntries(walk),
        searched: allEntries(walk),
        busy: action?.commandLine
          ? 'Running it and watching the log'
          : 'Waiting for answers; a dropped packet is noticed by silence',
        back: { name: 'back-chosen' },
      });
    case 'awaiting-reproduction':
      return page({
        title: 'Now repeat in another window what fails',
        body: [text(action === null ? '' : adviseByHand(action)), ...nothingYet(walk)],
        live: liveEntries(walk),
        searched: allEntries(walk),
        busy: 'Watching the log',
        choices: [{ label: 'I have repeated it: read the log', event: { name: 'reading-chosen' }, recommended: true }],
        back: { name: 'back-chosen' },
      });
    case 'choosing-action':
      return page({
        title: 'What fails?',
        body: [
          ...(phase.problem !== null ? tellProblem(phase.problem) : []),
          text('It has to happen once more, so that the log can show why. Only entries from now on count.'),
          ...(walk.logging === null
            ? []
            : [text(span('dim', 'Logging is on; it is taken away on leaving, and expires by itself.'))]),
        ],
        choices: (walk.inspection === null ? [] : listActions(walk.inspection, walk.story)).map(toChoice),
        back: { name: 'back-chosen' },
      });
  }
};
