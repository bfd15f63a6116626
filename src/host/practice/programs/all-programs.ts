// Every program that is installed on the practice server.
import type { FollowedProgram, Program } from '../program.ts';
import * as clients from './clients.ts';
import * as core from './coreutils.ts';
import { iptables } from './iptables.ts';
import { iptablesRestore, iptablesSave } from './iptables-save.ts';
import * as logs from './logs.ts';
import { sh } from './sh.ts';
import * as system from './system.ts';
import * as wrappers from './wrappers.ts';

const families = (['ip', 'ip6'] as const).flatMap((family): [string, Program][] =>
  ['', '-nft'].flatMap((variant): [string, Program][] => [
    [`${family}tables${variant}`, iptables(family)],
    [`${family}tables${variant}-save`, iptablesSave(family)],
    [`${family}tables${variant}-restore`, iptablesRestore(family)],
  ]),
);

/** The programs by name. Whatever is not here is not installed: it ends with 127. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map<string, Program>([
  ...families,
  ...Object.entries({ ...pick(), sh, bash: sh, dash: sh }),
]);

/** What some programs do when they are followed instead of run to their end. */
export const FOLLOWED: ReadonlyMap<string, FollowedProgram> = new Map([
  ['cat', logs.followCat],
  ['tail', logs.followTail],
  ['dmesg', logs.followDmesg],
  ['journalctl', logs.followJournalctl],
]);

function pick(): Record<string, Program> {
  const {
    cat,
    chmod,
    cp,
    echo,
    grep,
    head,
    ls,
    mkdir,
    mv,
    no,
    readlink,
    rm,
    rmdir,
    sleep,
    stat,
    tail,
    tee,
    test,
    touch,
    wc,
    yes,
  } = core;
  const { curl, mail, mysql, nc, php, ping, wp } = clients;
  const { date, getent, hostname, id, ip, lookup, ss, sysctl, systemctl, systemdRun, uname, uptime, whoami } = system;
  const { dd, dmesg, journalctl } = logs;
  const { runner, setpriv, sudo, timeout } = wrappers;
  return {
    ...{
      cat,
      chmod,
      cp,
      echo,
      grep,
      head,
      ls,
      mkdir,
      mv,
      readlink,
      rm,
      rmdir,
      sleep,
      stat,
      tail,
      tee,
      test,
      touch,
      wc,
    },
    ...{ '[': test, printf: echo, true: yes, false: no, ':': yes, sync: yes, chown: yes, realpath: readlink },
    ...{
      curl,
      wget: curl,
      mail,
      mailx: mail,
      sendmail: mail,
      mutt: mail,
      mysql,
      mysqladmin: mysql,
      nc,
      netcat: nc,
      telnet: nc,
    },
    ...{ php, ping, ping6: ping, wp, 'wp-cli': wp },
    ...{
      date,
      getent,
      hostname,
      id,
      ip,
      host: lookup,
      dig: lookup,
      nslookup: lookup,
      ss,
      sysctl,
      systemctl,
      uname,
      uptime,
      whoami,
    },
    ...{ 'systemd-run': systemdRun, dd, dmesg, journalctl },
    ...{
      setpriv,
      sudo,
      timeout,
      env: runner,
      nohup: runner,
      nice: runner,
      setsid: runner,
      command: runner,
      exec: runner,
      time: runner,
    },
  };
}
