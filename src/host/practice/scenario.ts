// What a scenario is: a server with one thing wrong, and what its user notices of that.
import type { PracticeService, Server, WebSite } from './server.ts';

/** How a scenario is listed. `symptom` is what the user sees failing, `story` how it came about. */
export type ScenarioSummary = {
  readonly id: string;
  readonly title: string;
  readonly symptom: string;
  /** The command line that fails. */
  readonly command: string;
  readonly story: string;
  readonly level: Level;
  /** What is learnt from it, without telling what is wrong. */
  readonly lesson: string;
  /** Nothing is wrong with loopback: what fails has another cause. */
  readonly isDecoy: boolean;
  /** What was wrong, for the debrief. */
  readonly cause: string;
  /** From a nudge to nearly all of it. */
  readonly hints: readonly string[];
  /** How it goes without lo-doctor: commands. */
  readonly byHand: readonly string[];
};

export type Level = 'easy' | 'medium' | 'hard' | 'nasty';

/** All data of a scenario. What is left out is as on any Debian web server. */
export type Scenario = ScenarioSummary & {
  /** The policy in force, as iptables-save and ip6tables-save print it. */
  readonly rules: string;
  readonly rules6: string;
  readonly services: readonly PracticeService[];
  /** Names in /etc/hosts, in the order in which their addresses are tried. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  readonly site?: Partial<WebSite>;
  /** The resolver that names out there are asked of, over the network; without it they are in /etc/hosts. */
  readonly resolver?: string;
  /** What the database says to whoever has reached it. */
  readonly denied?: string;
  /** Files beside those that every server has. */
  readonly files?: Readonly<Record<string, string>>;
  /** What happened right before, under the rules in force. */
  readonly justNow?: (server: Server) => void;
  /** What the server itself does now and then, so that its log is never silent. */
  readonly habits?: readonly Habit[];
};

/** Something that happens by itself every so many seconds. */
type Habit = { readonly every: number; readonly act: (server: Server) => void };
