import type { Faults } from '../faults.ts';
import { group, type Invariant, type PartResult } from '../part.ts';
import type { FrontDoorTally } from './fuzz-front-door.ts';
import type { PayloadTally } from './fuzz-payloads.ts';
import type { BrokerTally } from './mqtt-lane.ts';

export const MEGABYTE = 1_048_576;

/** What was seen while rubbish was thrown, and afterwards. */
export interface FuzzFindings {
  readonly payloads: PayloadTally;
  readonly frontDoor: FrontDoorTally;
  readonly broker: BrokerTally;
  /** Packets, payloads, requests and connections that were to be tried. */
  readonly goal: number;
  /** Why the process ended; undefined while it lives. */
  readonly ended: string | undefined;
  /** What kept a new device from onboarding and publishing; undefined when nothing did. */
  readonly afterwards: string | undefined;
  readonly faults: Faults;
  /** ms */
  readonly blocked: number;
  readonly blockedBound: number;
  /** Own memory of the cloud, bytes. */
  readonly memoryBefore: number;
  readonly memoryBeforePackets: number;
  readonly memoryAfter: number;
  readonly memoryBound: number;
  readonly packetsMemoryBound: number;
}

/** Findings of a kind that are shown. */
const SHOWN = 3;

export function judgeFuzz(findings: FuzzFindings, seed: number, seconds: number): PartResult {
  const { broker, frontDoor, payloads } = findings;
  const total = payloads.published + frontDoor.requests + frontDoor.rubbish + broker.packets;
  return {
    part: 'fuzz',
    seed,
    seconds: Math.round(seconds),
    tried: [
      `${group(broker.packets)} MQTT packets (3.1.1 and 5) on ${group(broker.connections)} mTLS connections, ${group(sum(broker.damaged))} of them damaged in ${broker.damaged.size} ways`,
      `${group(payloads.published)} payloads of ${payloads.kinds.size} kinds through the telemetry rules`,
      `${group(frontDoor.requests)} HTTP requests, mutated or forged from ${frontDoor.corpus} real ones of every service`,
      `${group(frontDoor.rubbish)} connections of plain rubbish on both ports`,
    ],
    figures: {
      'packets, payloads and requests': total,
      'packets answered for certain': broker.answered,
      'connections that the broker ended': broker.endedByServer,
      'ordinary conversations ended by the broker': sum(broker.unprovoked),
      'publishes acknowledged': payloads.acknowledged,
      'dead letters read': payloads.letters,
      'real requests answered with success': frontDoor.accepted,
      'requests answered with success': among(frontDoor.statuses, 200, 399),
      'requests refused': among(frontDoor.statuses, 400, 499),
      'requests refused as not implemented': frontDoor.statuses.get(501) ?? 0,
      'longest blocked, ms': findings.blocked,
      'memory before, MB': megabytes(findings.memoryBefore),
      'memory before the packets, MB': megabytes(findings.memoryBeforePackets),
      'memory after, MB': megabytes(findings.memoryAfter),
      'per second': Math.round(total / seconds),
    },
    invariants: invariantsOf(findings, total),
  };
}

function invariantsOf(findings: FuzzFindings, total: number): Invariant[] {
  const { broker, faults, frontDoor, payloads } = findings;
  const { blocked, memoryAfter, memoryBefore, memoryBeforePackets, memoryBound, packetsMemoryBound } = findings;
  const unanswered = [...frontDoor.silent, ...frontDoor.closed, ...broker.silent];
  const lost = payloads.lost.map(({ bytes, kind }) => `${kind}: ${bytes.subarray(0, 300).toString('base64')}`);
  const broken = [...frontDoor.broken].map(([kind, { count, example }]) => `${count} × ${kind}\n    ${example}`);
  return [
    check(
      'the whole amount was tried within the time',
      total >= findings.goal,
      `${group(total)} of ${group(findings.goal)}`,
    ),
    check('the process is alive', findings.ended === undefined, findings.ended ?? 'yes'),
    check(
      'a new device onboards and its sample is stored',
      findings.afterwards === undefined,
      findings.afterwards ?? 'yes',
    ),
    check(
      'every acknowledged publish is a row or a dead letter',
      lost.length === 0,
      [`${lost.length} of ${group(payloads.acknowledged)} missing`, ...lost.slice(0, SHOWN)].join('; '),
    ),
    check(
      'no answer of status 500 or above but 501',
      broken.length === 0,
      broken.length === 0 ? 'none' : broken.join('\n  '),
    ),
    check(
      'every request and every live MQTT connection is answered',
      unanswered.length === 0,
      [`${unanswered.length} not answered`, ...unanswered.slice(0, SHOWN)].join('; '),
    ),
    check(
      'everything the broker says is MQTT',
      broker.malformed.length === 0,
      broker.malformed.length === 0 ? 'yes' : `${broker.malformed.length} times not: ${broker.malformed[0]}`,
    ),
    check('no fault in the log', faults.count === 0, faults.count === 0 ? 'none' : faults.describe().join('\n  ')),
    check('the event loop is never blocked for long', blocked <= findings.blockedBound, `at most ${group(blocked)} ms`),
    check(
      'memory returns below its bounds',
      memoryAfter <= memoryBound && memoryAfter <= packetsMemoryBound,
      `${[memoryBefore, memoryBeforePackets, memoryAfter].map(megabytes).join(', ')} MB before, before the packets and after; bounds ${megabytes(memoryBound)} and ${megabytes(packetsMemoryBound)} MB`,
    ),
  ];
}

function check(claim: string, held: boolean, found: string): Invariant {
  return { claim, held, found };
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function among(statuses: ReadonlyMap<number, number>, least: number, most: number): number {
  return sum(new Map([...statuses].filter(([status]) => status >= least && status <= most)));
}

function megabytes(bytes: number): number {
  return Math.round(bytes / MEGABYTE);
}
