// What happens in each step and what it changes, for whoever asks for help in it.
import type { StepName } from '../wizard/state.ts';
import { type Block, span, text } from '../words/page.ts';

const WORDS: Record<StepName, { does: string; changes: string }> = {
  inspect: {
    does: 'Reads the rules of every firewall layer and works out what becomes of packets that the programs of this server send to each other over lo, the loopback interface.',
    changes: 'Nothing. Turning logging on adds LOG rules that stop nothing and go by themselves.',
  },
  reproduce: {
    does: 'What fails has to fail once more while the log is watched: entries from now on belong to it, older ones need not.',
    changes: 'Nothing but what your own command does. lo-doctor only opens connections.',
  },
  'read-log': {
    does: 'Ties what failed and what was logged to the rule that stopped it. Without such a tie the firewall is not blamed.',
    changes: 'Nothing.',
  },
  fix: {
    does: 'Works out where a permit has to stand so that it is reached, and proves by the rules that nothing else changes.',
    changes: 'Nothing, until "Apply it on trial" is chosen on the page with the commands.',
  },
  verify: {
    does: 'The permit is in force on trial: what failed is tried again. A rollback outside of lo-doctor is armed, and silence takes the permit back.',
    changes: 'The added rules, until the time is up. Keeping also writes them where the next boot reads them.',
  },
};

/** The step in a paragraph, and what it changes on the server. */
export const explainStep = (step: StepName): Block[] => [
  text(WORDS[step].does),
  text(span('strong', 'Changes: '), WORDS[step].changes),
];
