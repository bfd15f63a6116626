// The audit trail in words: what each event of the walk meant.
import type { Event } from '../wizard/event.ts';
import type { Verification } from '../wizard/state.ts';

const EVENTS: Partial<Record<Event['name'], string>> = {
  inspected: 'the rules were read',
  'logging-chosen': 'turning logging on was chosen',
  'logging-turned-on': 'temporary logging was on',
  'action-chosen': 'the failing action was repeated',
  tried: 'the action had ended',
  'reading-chosen': 'the user had repeated the action',
  diagnosed: 'the log was read and tied to the rules',
  'fix-chosen': 'a fix was asked for',
  'fix-planned': 'the fix was worked out',
  'plan-chosen': 'a fix was chosen',
  'rehearsal-chosen': 'trying the rollback out was chosen',
  rehearsed: 'the rollback had been tried out',
  'apply-chosen': 'applying it was chosen',
  'commands-chosen': 'the commands were taken along, to be run by hand',
  applied: 'the rollback was armed and the fix was applied',
  'window-opened': 'the time for keeping it began',
  verified: 'the failing action was tried again',
  'keep-chosen': 'keeping the fix was chosen',
  'roll-back-chosen': 'taking the fix back was chosen',
  'rolled-back': 'the fix was taken back',
  kept: 'the fix was kept',
  'quit-chosen': 'the walk was left',
  'back-chosen': 'a step back',
  'reproduction-chosen': 'repeating the failing action was chosen',
  'retry-chosen': 'another try',
  'command-chosen': "a command of the user's was chosen",
  failed: 'the server refused something',
  left: 'temporary logging was gone, the report written',
};

/** What an event meant, in a few words. `verification`: what the walk's retest has shown. */
export const nameEvent = (event: Event['name'], verification: Verification | null): string => {
  if (event === 'kept' && verification?.result === 'fails') return 'the fix was kept, though what failed still fails';
  if (event === 'kept' && verification?.result !== 'works')
    return 'the fix was kept, though nothing has shown that it works';
  return EVENTS[event] ?? event;
};
