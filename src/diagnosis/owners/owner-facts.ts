// What a server shows of the programs that write rules.
import type { DirectRule } from '../../firewall/firewalld/direct-rule.ts';

/**
 * A program that is installed. `isOn`: it is at work; `startsAtBoot`: the next boot starts it, and it writes its rules then. What only writes
 * rules when it starts is at work where boot starts it. `evidence` says by what that is known.
 */
export type InstalledOwner = {
  readonly name: string;
  readonly isOn: boolean;
  readonly startsAtBoot: boolean;
  readonly evidence: string;
  /** What it sets the policies of the filter table's chains to, as far as its configuration says; absent: not known. */
  readonly policies?: Readonly<Record<string, 'accept' | 'drop'>>;
};

/** One that is not in `installed` is not there. */
export type OwnerFacts = {
  readonly installed: readonly InstalledOwner[];
  /** The direct rules of a running firewalld, in the order in which it tells them. */
  readonly directRules: readonly DirectRule[];
};
