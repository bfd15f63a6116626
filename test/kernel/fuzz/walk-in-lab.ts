// The wizard's own walk in a lab: what a user would choose is sent, what a user would read is handed back.

import type { Host } from '../../../src/host/host.ts';
import { walkPage } from '../../../src/steps/walk-page.ts';
import { effectOf } from '../../../src/wizard/effects.ts';
import type { Event } from '../../../src/wizard/event.ts';
import { next } from '../../../src/wizard/next.ts';
import { begin, type Case, type Phase, type Walk } from '../../../src/wizard/state.ts';
import { createStore, type Store } from '../../../src/wizard/store.ts';
import type { Page } from '../../../src/words/page.ts';
import { serverWork } from '../../../src/work/server-work.ts';
import { hostInLab } from '../host-in-lab.ts';
import type { Lab } from '../lab.ts';

/** What the walk came to, and the page on which it says so; null where it got stuck in `phase`. */
export type Walked = { readonly case: Case; readonly page: Page<Event> | null; readonly phase: Phase };

export type WalkOptions = { readonly commandLine: string; readonly logs: boolean; readonly mark: string };

const LONGEST = 200_000;

/** Walks to the page that says what the log tells, and leaves. Of the log, which is one for all labs, it sees the lines with its mark. */
export async function walkInLab(lab: Lab, { commandLine, logs, mark }: WalkOptions): Promise<Walked> {
  const work = serverWork({ host: withoutManagers(hostInLab(lab)), caseId: mark, now: () => new Date() });
  const watchLog: typeof work.watchLog = (onEntries) =>
    work.watchLog((entries) => {
      const own = entries.filter(({ line }) => line.text.includes(mark));
      if (own.length > 0) onEntries(own);
    });
  const failed = Promise.withResolvers<never>();
  const store = createStore<Walk, Event>({
    initial: begin({ id: mark, startedAt: new Date(), confirmWithin: 60, story: null }),
    next: (walk, event) => next(walk, event, new Date()),
    key: ({ phase }) => phase.name,
    effectOf: effectOf({ ...work, watchLog }),
    onDefect: failed.reject,
  });
  let found: Walked | null = null;
  const stuck = setTimeout(() => failed.reject(new Error(`stuck in ${store.getState().phase.name}`)), LONGEST);
  try {
    await Promise.race([failed.promise, play(store, { commandLine, logs, mark }, (walked) => (found = walked))]);
  } finally {
    clearTimeout(stuck);
    store.close();
  }
  return found ?? { case: store.getState().case, page: null, phase: store.getState().phase };
}

/** Tools of owners that such a server does not have: the rules are nobody's, and each takes a Python to start. */
const ABSENT: readonly string[] = ['firewall-cmd', 'ufw'];

function withoutManagers(host: Host): Host {
  return {
    ...host,
    run: async (command, options) => {
      const [program] = command;
      return ABSENT.includes(program)
        ? { code: 127, stdout: '', stderr: `${program}: not found\n`, timedOut: false }
        : host.run(command, options);
    },
  };
}

function play(store: Store<Walk, Event>, options: WalkOptions, onFound: (walked: Walked) => void): Promise<void> {
  return new Promise((resolve) => {
    let last = '';
    const look = () => {
      const walk = store.getState();
      if (walk.phase.name === last) return;
      last = walk.phase.name;
      if (walk.phase.name === 'log-read')
        onFound({ case: walk.case, page: walkPage(walk, new Date()), phase: walk.phase });
      if (walk.phase.name === 'finished') resolve();
      const event = answerOf(walk, options);
      if (event !== null) setImmediate(() => store.send(event));
    };
    store.subscribe(look);
    look();
  });
}

/** What the user does on a page; null where something goes on. */
function answerOf({ phase, case: { inspection, logging } }: Walk, { commandLine, logs }: WalkOptions): Event | null {
  switch (phase.name) {
    case 'inspected':
      return logs && logging === null && (inspection?.loggingPlan?.changes.length ?? 0) > 0 && phase.problem === null
        ? { name: 'logging-chosen' }
        : { name: 'reproduction-chosen' };
    case 'choosing-action':
      return phase.problem === null
        ? { name: 'action-chosen', action: { id: 'command', tries: [], commandLine } }
        : { name: 'quit-chosen' };
    case 'inspection-failed':
    case 'log-read':
      return { name: 'quit-chosen' };
    default:
      return null;
  }
}
