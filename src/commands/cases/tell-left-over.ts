// What was left behind, in words.
import type { LeftOver } from '../../host/left-over/find-left-over.ts';

const KINDS: Readonly<Record<LeftOver['kind'], string>> = {
  overdue: 'its time to be confirmed is up, and it has not been taken back',
  lost: 'it waited to be confirmed when this server went down',
  'half-saved': 'it was to be kept, and saving it was interrupted',
  'not-taken-back': 'it could not be taken back completely',
  ownerless: 'no case of this server has them on trial or has kept them',
};

/** One line each, with what settles it. */
export const tellLeftOver = ({ id, kind, where }: LeftOver): string => {
  const places = where.length === 0 ? '' : ` Its rules: ${where.join(', ')}.`;
  const subject =
    kind === 'ownerless'
      ? `Rules of case ${id} were left behind: ${KINDS[kind]}`
      : `Case ${id} was left behind: ${KINDS[kind]}`;
  const keep = kind === 'half-saved' ? `lo-doctor confirm ${id} completes that, ` : '';
  return `${subject}.${places} ${keep}lo-doctor undo ${id} takes it back.`;
};
