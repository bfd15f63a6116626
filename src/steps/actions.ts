// The actions that typically fail, in words: what they are called, and how to repeat them by hand.

import { nameAddress } from '../naming/conversations.ts';
import { enumerateFew } from '../naming/numbers.ts';
import type { ActionId, UserAction } from '../wizard/action.ts';

/** A label for the list of actions, and how to repeat the action in another window. */
type ActionWords = { title: string; byHand: string };

const WORDS: Record<ActionId, ActionWords> = {
  story: { title: 'What fails', byHand: 'Run it again.' },
  'local-services': {
    title: 'Not sure: try the local services',
    byHand: 'Use the program that fails.',
  },
  wordpress: {
    title: 'A WordPress update or plugin install',
    byHand:
      'In the WordPress dashboard: Updates, then "Update plugins"; or run `wp plugin update --all` as the web user.',
  },
  mail: {
    title: 'Sending mail or alerts',
    byHand: 'Send one: echo test | mail -s test you@example.org; or let the monitoring send its test alert.',
  },
  names: {
    title: 'Looking up names (DNS)',
    byHand: 'Look one up: getent hosts example.org',
  },
  database: {
    title: 'Connecting to the database',
    byHand: 'Open the page that fails, or connect by TCP: mysql -h 127.0.0.1, psql -h 127.0.0.1.',
  },
  command: {
    title: 'A command of mine, run by lo-doctor',
    byHand: 'Run it in another window.',
  },
  'by-hand': {
    title: 'Something else: I repeat it in another window',
    byHand: 'Repeat in another window, or in the browser, exactly what failed.',
  },
};

/** The line of an action in the list: its title, and what lo-doctor itself tries. */
export const nameAction = ({ id, tries, commandLine }: UserAction): string => {
  const { title } = WORDS[id];
  if (commandLine !== null) return `${title}: ${commandLine}`;
  if (tries.length === 0) return title;
  const shown = [...new Set(tries.map((one) => `${one.protocol}/${one.destinationPort ?? 'echo'}`))];
  return id === 'local-services' ? `${title} (${enumerateFew(shown)})` : `${title} (try ${enumerateFew(shown)})`;
};

/** How the user repeats an action by hand. */
export const adviseByHand = ({ id }: UserAction): string => WORDS[id].byHand;

/** What lo-doctor opens for an action: each endpoint once. */
export const nameTries = ({ tries }: UserAction): string =>
  enumerateFew([
    ...new Set(tries.map(({ destination, destinationPort }) => nameAddress(destination, destinationPort))),
  ]);
