// Selectors of syslog: which facilities and severities a line of the configuration takes.
import { type LoggedMessage, parseLevel } from './logged-message.ts';

/** `*.info;mail.none;kern.!=debug`: whether it takes a kernel message; null for text that is no selector. The last part that names kern wins. */
export function matchSelector(selector: string, { level }: LoggedMessage): boolean | null {
  if (!/^[\w*,]+\.[!=*\w]+(;[\w*,]+\.[!=*\w]+)*$/.test(selector)) return null;
  let takes = false;
  for (const part of selector.split(';')) {
    const [facilities = '', priority = ''] = part.split('.');
    if (!facilities.split(',').some((name) => name === '*' || name === 'kern' || name === '0')) continue;
    const [, negation, exact, name = ''] = /^(!?)(=?)(.*)$/.exec(priority) ?? [];
    const wanted = name === '*' ? 7 : parseLevel(name);
    if (name === 'none') takes = false;
    else if (wanted !== null && (exact ? level === wanted : level <= wanted)) takes = negation === '';
  }
  return takes;
}
