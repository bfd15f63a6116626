// The programs that run another command: sudo, env, timeout, nohup, and the like.
import { type Call, type Ended, failed, type Program } from '../program.ts';

/** `sudo [-u USER] COMMAND…` */
export const sudo: Program = (call) => {
  const [option, user = '', ...rest] = call.args;
  if (option !== '-u')
    return runRest(
      call,
      call.args.filter((word, index) => index > 0 || !/^-[nEH]$/.test(word)),
      call.uid,
    );
  const uid = call.server.users.get(user);
  if (uid === undefined) return failed(1, `sudo: unknown user ${user}`);
  return runRest(call, rest, uid);
};

/** `setpriv --reuid NUMBER [--regid NUMBER] --clear-groups COMMAND…` */
export const setpriv: Program = (call) => {
  const at = call.args.findIndex(
    (word, index) => !word.startsWith('-') && !/^--re[ug]id$/.test(call.args[index - 1] ?? ''),
  );
  const uid = Number(call.args[call.args.indexOf('--reuid') + 1]);
  return runRest(call, at < 0 ? [] : call.args.slice(at), Number.isInteger(uid) ? uid : call.uid);
};

/** `timeout SECONDS COMMAND…` */
export const timeout: Program = async (call) => {
  const [seconds = '', ...rest] = call.args.filter(
    (word) => !word.startsWith('-') || word.length > 2 || call.args.indexOf(word) > 0,
  );
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(Number.parseFloat(seconds) * 1000 || 1)]);
  const ended = await runRest({ ...call, signal }, rest, call.uid);
  return signal.aborted && !call.signal.aborted ? { ...ended, code: 124 } : ended;
};

/** `unshare -n COMMAND…`: in a network namespace of its own, whose rules are gone with it. */
export const unshare: Program = (call) => {
  const at = call.args.findIndex((word) => !word.startsWith('-'));
  return runRest({ ...call, server: call.server.aside() }, at < 0 ? [] : call.args.slice(at), call.uid);
};

/** `env [NAME=VALUE…] COMMAND…`, `nohup COMMAND…`, `nice`, `setsid`, `command`, `exec`, `time`. */
export const runner: Program = (call) => {
  const at = call.args.findIndex((word) => !word.startsWith('-') && !/^\w+=/.test(word));
  return runRest(call, at < 0 ? [] : call.args.slice(at), call.uid);
};

async function runRest(
  { server, input, directory, signal }: Call,
  words: readonly string[],
  uid: number,
): Promise<Ended> {
  const [program, ...args] = words;
  if (program === undefined) return failed(0, '');
  const { code, stdout, stderr } = await server.run([program, ...args], { input, directory, signal, uid });
  return { code: code ?? 143, stdout, stderr };
}
