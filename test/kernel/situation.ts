// A whole situation: a small server with rules, services and a log of its own, and the built lo-doctor at work in it (`npm run build` first).
import type { RunAs } from './lab.ts';
import { type Lab, startLab } from './lab.ts';
import type { Result } from './lab-process.ts';
import { markPackets } from './mark-packets.ts';
import { type Answers, answerPages } from './plain-answers.ts';

export const bundle = 'dist/lo-doctor.js';

/** What lo-doctor said (both streams in the order in which they came to each), and how it ended. */
export type Said = Pick<Result, 'code' | 'stdout' | 'stderr'>;

export type Situation = Lab & {
  /** Runs a shell script in the server as root; rejects when a line of it fails. Resolves to what it printed. */
  sh(script: string): Promise<string>;
  /** Runs a subcommand of lo-doctor to its end. */
  doctor(args: readonly string[], options?: RunAs & { input?: string }): Promise<Said>;
  /** The same with `--json`, its document parsed. */
  document(args: readonly string[]): Promise<{ code: number | null; document: unknown }>;
  /** Walks through the plain wizard; see `Answers`. */
  walk(answers: Answers, args?: readonly string[]): Promise<Said>;
};

/**
 * Makes such a server. `script` sets it up: rules, devices, users, whatever a shell can do. /var/log/syslog has the kernel's lines of
 * this server alone (`log: 'none'`: the kernel's lines can be read nowhere). Closed by `await using`.
 */
export async function startSituation({
  script = '',
  log = 'syslog',
}: {
  script?: string;
  log?: 'syslog' | 'none';
} = {}): Promise<Situation> {
  const lab = await startLab();
  const sh = (text: string) => lab.run(['sh', '-ec', text]);
  const command = (args: readonly string[]) => [process.execPath, bundle, ...args] as const;
  const doctor: Situation['doctor'] = (args, options = {}) =>
    lab.exec(command(args), { timeout: 100_000, ...options, env: { NO_COLOR: '1', ...options.env } });
  try {
    if (log === 'syslog') await lab.startRsyslog({ only: await markPackets(lab) });
    await sh(`mount --bind /dev/null /dev/kmsg\nrm -rf /var/lib/lo-doctor\n${script}`);
  } catch (error) {
    await lab.close();
    throw error;
  }
  return {
    ...lab,
    sh,
    doctor,
    document: async (args) => {
      const { code, stdout } = await doctor([...args, '--json']);
      return { code, document: JSON.parse(stdout) };
    },
    walk: async (answers, args = []) =>
      answerPages(await lab.spawn(command(['--plain', ...args]), { env: { NO_COLOR: '1' } }), answers),
  };
}
