// What a rehearsal of the rollback has shown, in words.

import type { Rehearsal } from '../firewall/fix/rehearse-permits.ts';
import { enumerateFew } from '../naming/numbers.ts';
import { type Block, span, text } from './page.ts';

const ARMED_BY = { systemd: "systemd's timer", process: 'a process of its own' } as const;

const tenths = (seconds: number): string => seconds.toFixed(1);

/** In blocks: what was seen, by which listings, and what to do where it did not work. */
export const tellRehearsal = ({ caseId, outcome, armedBy, wait, seconds, listings, log }: Rehearsal): Block[] => {
  const put = `A rule that does nothing was put in where the fix goes, armed with a rollback after ${wait} s (${ARMED_BY[armedBy]}), and nobody confirmed.`;
  switch (outcome) {
    case 'works':
      return [
        text(
          span('good', 'The rollback works on this server. '),
          `${put} It was listed meanwhile (${enumerateFew(listings)}); ${tenths(seconds ?? 0)} s after the time was up it was in no listing any more.`,
        ),
      ];
    case 'never-seen':
      return [
        text(
          span('warn', 'Whether the rollback works here is not known. '),
          `${put} No listing showed the rule while it was there, so that none shows it now proves nothing.`,
        ),
      ];
    case 'stayed':
      return [
        text(span('bad', 'The rollback did not work on this server. '), put),
        { kind: 'list', items: log },
        text(`No fix should be applied here before that is put right. The rehearsal's case: ${caseId}`),
      ];
  }
};
