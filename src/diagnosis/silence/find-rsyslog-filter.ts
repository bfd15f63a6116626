// rsyslogd reads the kernel's lines and this one is in no file: which line of its configuration is to blame.
import type { LogHealth, LogPathTest } from '../../log/files/log-path.ts';
import { type ConfigLine, followRsyslog, type MessageFate } from '../../log/rsyslog/follow-rsyslog.ts';
import type { Finding } from '../finding.ts';

type Told = Pick<Finding, 'id' | 'title' | 'evidence' | 'advice'>;

const quote = ({ file, number, text }: ConfigLine): string => `${file}:${number}: ${text.trim()}`;

const findStopped = ({ stopped }: MessageFate): Told | null =>
  stopped && {
    id: 'rsyslog-filters',
    title: stopped.isSure
      ? 'A line of its configuration tells rsyslogd to throw this line away.'
      : 'A line of its configuration may tell rsyslogd to throw this line away.',
    evidence: [quote(stopped.line)],
    advice:
      'Take that out, or put it behind the line that writes the file; then see that rsyslogd takes the configuration.',
  };

/** Where it writes the line, when none of these files was looked at. */
const findElsewhere = ({ files }: MessageFate, { sources }: LogPathTest): Told | null => {
  const sure = files.filter(({ isSure }) => isSure);
  if (sure.length === 0 || sure.some(({ path }) => sources.includes(path))) return null;
  return {
    id: 'rsyslog-writes-elsewhere',
    title: 'rsyslogd writes this line to a file where lo-doctor does not look.',
    evidence: sure.map(({ line }) => quote(line)),
    advice: `Look there: ${sure.map(({ path }) => path).join(', ')}`,
  };
};

const findNotTaken = ({ files, stopped }: MessageFate, { rsyslogConfig }: LogHealth): Told | null => {
  if (rsyslogConfig.length === 0 || files.length > 0 || stopped !== null) return null;
  const read = [...new Set(rsyslogConfig.map(({ file }) => file))];
  return {
    id: 'rsyslog-filters',
    title: 'No line of its configuration tells rsyslogd to write this line to a file.',
    evidence: [`nothing there takes a kernel message of this level: ${read.join(', ')}`],
    advice: 'Add a line that does (kern.* /var/log/kern.log), or log at a more urgent level.',
  };
};

const unknown: Told = {
  id: 'rsyslog-filters',
  title: "rsyslogd reads the kernel's lines and writes this one to no file that lo-doctor knows.",
  evidence: [],
  advice: 'A filter of its configuration discards it or sends it elsewhere: look for kern., stop, discard and ~.',
};

/** `test`: of a line that came into no file; only said of an rsyslogd that reads the kernel's lines. */
export const findRsyslogFilter = (test: LogPathTest, health: LogHealth): Finding | null => {
  if (health.hasImklog !== true) return null;
  const fate =
    test.text === null ? null : followRsyslog(health.rsyslogConfig, { text: test.text, level: test.log.level });
  const known = fate && (findStopped(fate) ?? findElsewhere(fate, test) ?? findNotTaken(fate, health));
  const { id, title, evidence, advice } = known ?? unknown;
  return {
    id,
    severity: 'warning',
    title,
    evidence: [
      ...(test.text === null ? [] : [`the kernel wrote: ${test.text.trim()}`]),
      'rsyslogd runs with imklog',
      ...evidence,
    ],
    advice,
    commands:
      known === null
        ? [['grep', '-rnE', 'kern|stop|discard|:msg', '/etc/rsyslog.conf', '/etc/rsyslog.d']]
        : [
            ['rsyslogd', '-N1'],
            ['systemctl', 'restart', 'rsyslog'],
          ],
  };
};
