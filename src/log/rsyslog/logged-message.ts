// A kernel line as rsyslog sees it: the properties that its configuration can ask for.

/** `text` as the kernel wrote it, without its own time; `level`: the syslog severity, 0 to 7. */
export type LoggedMessage = { readonly text: string; readonly level: number };

/** What can't be told is null, and what follows from it too. */
export type FilterAnswer = boolean | null;

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
const OTHER_NAMES: Readonly<Record<string, string>> = { panic: 'emerg', error: 'err', warn: 'warning' };

/** The number of a severity's name (`err`, `error`, `3`); null for none. */
export function parseLevel(name: string): number | null {
  const level = LEVELS.indexOf(OTHER_NAMES[name] ?? name);
  if (level >= 0) return level;
  return /^[0-7]$/.test(name) ? Number(name) : null;
}

/** A property of a kernel message (https://www.rsyslog.com/doc/configuration/properties.html); null where it is not known here. */
export function readProperty(name: string, { text, level }: LoggedMessage): string | null {
  switch (name.toLowerCase()) {
    case 'msg':
    case 'rawmsg':
    case 'rawmsg-after-pri':
      return text;
    case 'programname':
    case 'app-name':
      return 'kernel';
    case 'syslogtag':
      return 'kernel:';
    case 'syslogfacility':
      return '0';
    case 'syslogfacility-text':
      return 'kern';
    case 'syslogseverity':
    case 'syslogpriority':
    case 'pri':
      return `${level}`;
    case 'syslogseverity-text':
    case 'syslogpriority-text':
      return LEVELS[level] ?? null;
    case 'pri-text':
      return `kern.${LEVELS[level]}`;
    default:
      return null;
  }
}

/** How rsyslog compares a property (https://www.rsyslog.com/doc/configuration/filters.html); null for a way not known here. */
export function compareProperty(operation: string, property: string | null, value: string): FilterAnswer {
  if (property === null) return null;
  switch (operation.toLowerCase()) {
    case 'contains':
      return property.includes(value);
    case 'contains_i':
      return property.toLowerCase().includes(value.toLowerCase());
    case 'isequal':
    case '==':
    case '=':
      return property === value;
    case '!=':
    case '<>':
      return property !== value;
    case 'isempty':
      return property === '';
    case '<=':
      return Number(property) <= Number(value);
    case '>=':
      return Number(property) >= Number(value);
    case '<':
      return Number(property) < Number(value);
    case '>':
      return Number(property) > Number(value);
    case 'startswith':
    case 'startswith_i':
      // The kernel's own time may stand before the text, as printk.time has it.
      return property.startsWith(value) ? true : null;
    default:
      return null;
  }
}

export const not = (answer: FilterAnswer): FilterAnswer => (answer === null ? null : !answer);
export const both = (one: FilterAnswer, other: FilterAnswer): FilterAnswer =>
  one === false || other === false ? false : one === null || other === null ? null : true;
