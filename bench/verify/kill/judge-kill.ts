import type { Faults } from '../faults.ts';
import { group, type Invariant, type PartResult } from '../part.ts';
import type { Found } from './find-acknowledged.ts';
import type { KillRounds } from './kill-rounds.ts';
import type { SentLedger } from './sent-ledger.ts';
import type { Traffic } from './traffic.ts';

export interface KillFindings {
  readonly rounds: KillRounds;
  readonly ledger: SentLedger;
  readonly traffic: Traffic;
  readonly faults: Faults;
  readonly size: { readonly kills: number; readonly devices: number };
  /** Everything that the devices were given was acknowledged in time. */
  readonly flushed: boolean;
  /** Undefined when the cloud could not be started. */
  readonly found: Found | undefined;
  /** From the last sample given to the last one acknowledged, and found. */
  readonly acknowledgedMs: number;
  readonly foundMs: number;
  readonly seconds: number;
}

export function judgeKill(findings: KillFindings, seed: number): PartResult {
  const { found, ledger, rounds, size, traffic } = findings;
  return {
    part: 'kill',
    seed,
    seconds: Math.round(findings.seconds),
    tried: [
      `${rounds.kills} kills with SIGKILL at seeded random moments, ${rounds.killsWhileStarting} of them while the cloud was starting, each followed by a start on the same data directory`,
      `${size.devices} devices publish QoS 1 on telemetry and event all the while, and reconnect by themselves`,
    ],
    figures: {
      kills: rounds.kills,
      'samples given to the devices': traffic.given,
      'samples acknowledged': ledger.samples,
      'rows stored': found?.rows ?? 0,
      'dead letters': found?.letters ?? 0,
      'interrupted connections': ledger.interruptions,
      'publishes repeated': ledger.retries,
      'longest start, ms': Math.round(rounds.longestStart),
      'longest wait for an acknowledgement after a start, ms': Math.round(rounds.longestSilence),
      'last sample acknowledged after, ms': Math.round(findings.acknowledgedMs),
      'last sample found after, ms': Math.round(findings.foundMs),
    },
    invariants: invariantsOf(findings),
  };
}

function invariantsOf({ faults, flushed, found, ledger, rounds, size, traffic }: KillFindings): Invariant[] {
  const none = (claim: string, exceptions: readonly string[]): Invariant => {
    return { claim, held: exceptions.length === 0, found: listed(exceptions) };
  };
  const notStarted = ['the cloud did not start'];
  return [
    {
      claim: 'the whole number of kills was tried within the time',
      held: rounds.kills >= size.kills,
      found: `${rounds.kills} of ${size.kills}`,
    },
    none('every start after a kill succeeds', rounds.failedStarts),
    none('resources and outputs are unchanged after each start', rounds.changes),
    none('processes of a killed cloud end', rounds.orphans),
    {
      claim: 'every sample given is acknowledged in the end',
      held: flushed && ledger.samples === traffic.given,
      found: `${group(ledger.samples)} of ${group(traffic.given)}, ${traffic.refused} refused`,
    },
    none('every acknowledged sample is found by a query or in a dead letter', found?.lost ?? notStarted),
    {
      claim: 'nothing is stored twice',
      held: found !== undefined && found.rows === found.distinctRows,
      found: `${group(found?.rows ?? 0)} rows, ${group(found?.distinctRows ?? 0)} distinct`,
    },
    none('nothing is stored that was not sent', found?.surplus ?? notStarted),
    none('no fault in the log', faults.describe()),
  ];
}

function listed(exceptions: readonly string[]): string {
  if (exceptions.length === 0) return 'no exception';
  return `${exceptions.length} exceptions: ${exceptions.slice(0, 5).join('; ')}`;
}
