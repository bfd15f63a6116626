// The scenarios of the practice server, in the order in which one learns most from them: easy ones first, decoys among them.
import type { Scenario } from '../scenario.ts';
import { container } from './container.ts';
import { elsewhere } from './elsewhere.ts';
import { inputSide } from './input-side.ts';
import { ipv6 } from './ipv6.ts';
import { killSwitch } from './kill-switch.ts';
import { limitedLog } from './limited-log.ts';
import { logAfterDrop } from './log-after-drop.ts';
import { alertMails } from './mail.ts';
import { names } from './names.ts';
import { nobodyListens } from './nobody-listens.ts';
import { ownAddress } from './own-address.ts';
import { permitAfterDrop } from './permit-after-drop.ts';
import { serviceDown } from './service-down.ts';
import { wordpress } from './wordpress.ts';
import { wrongPassword } from './wrong-password.ts';

export const SCENARIOS: readonly Scenario[] = [
  wordpress,
  alertMails,
  serviceDown,
  permitAfterDrop,
  nobodyListens,
  ownAddress,
  ipv6,
  names,
  inputSide,
  wrongPassword,
  elsewhere,
  logAfterDrop,
  container,
  limitedLog,
  killSwitch,
];
