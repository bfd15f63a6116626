// A lab as a host, so that what is written for a server is tested on one.
import type { Host } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local.ts';
import type { Lab, RunAs } from './lab.ts';

/** Runs and follows the commands of a local host inside the lab, as root or another user. */
export function hostInLab(lab: Lab, as: RunAs = {}): Host {
  const local = localHost();
  return {
    name: 'web1',
    run: (command, options) => local.run(lab.inside(command, as), options),
    follow: (command) => local.follow(lab.inside(command, as)),
  };
}
