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
};

/** All data of a scenario. What is left out is as on any Debian web server. */
export type Scenario = ScenarioSummary & {
  /** The policy in force, as iptables-save and ip6tables-save print it. */
  readonly rules: string;
  readonly rules6: string;
  readonly services: readonly PracticeService[];
  /** Names in /etc/hosts, in the order in which their addresses are tried. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  readonly site?: Partial<WebSite>;
  /** Files beside those that every server has. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the server itself does now and then, so that its log is never silent. */
  readonly habits?: readonly Habit[];
};

/** Something that happens by itself every so many seconds. */
type Habit = { readonly every: number; readonly act: (server: Server) => void };
