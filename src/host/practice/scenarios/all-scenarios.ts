// The scenarios of the practice server, in the order in which one learns most from them.
import type { Scenario } from '../scenario.ts';
import { elsewhere } from './elsewhere.ts';
import { inputSide } from './input-side.ts';
import { ipv6 } from './ipv6.ts';
import { logAfterDrop } from './log-after-drop.ts';
import { alertMails } from './mail.ts';
import { nobodyListens } from './nobody-listens.ts';
import { ownAddress } from './own-address.ts';
import { wordpress } from './wordpress.ts';

export const SCENARIOS: readonly Scenario[] = [
  wordpress,
  alertMails,
  ownAddress,
  ipv6,
  inputSide,
  logAfterDrop,
  nobodyListens,
  elsewhere,
];
