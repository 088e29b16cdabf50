import type { Dice } from '../dice.ts';
import type { Faults } from '../faults.ts';
import { group, type Say } from '../part.ts';
import type { Subject } from '../subject.ts';
import { Capture, type CorpusRequest } from './corpus/capture.ts';
import { controlServiceRequests } from './corpus/control-services.ts';
import { dataServiceRequests } from './corpus/data-services.ts';
import { deviceRequests } from './corpus/device-requests.ts';
import { iotCapabilityRequests } from './corpus/iot-capabilities.ts';
import { messagingServiceRequests } from './corpus/messaging-services.ts';
import { forge } from './http-forgery.ts';
import { mutateRequest } from './http-mutation.ts';
import { HttpSender, type SignedMessage } from './http-sender.ts';
import { openIdentity } from './open-identity.ts';
import { throwRubbish } from './rubbish-bytes.ts';

export interface FrontDoorFuzzOptions {
  readonly subject: Subject;
  readonly dice: Dice;
  readonly faults: Faults;
  readonly requests: number;
  /** Connections of plain rubbish, on both ports. */
  readonly rubbish: number;
  /** performance.now() at which it ends, whatever was reached */
  readonly deadline: number;
  readonly say: Say;
}

export interface FrontDoorTally {
  requests: number;
  rubbish: number;
  readonly statuses: Map<number, number>;
  /** Answers of status 500 and above that are no refusal (501), each kind once, with the request. */
  readonly broken: Map<string, { count: number; example: string }>;
  /** Connections that ended without an answer to a request that HTTP allows. */
  readonly closed: string[];
  readonly silent: string[];
  /** Requests of the SDK clients, unchanged, that were answered with success. */
  accepted: number;
  corpus: number;
}

const LANES = 12;
/** Share of the requests whose signature is broken. */
const FORGED = 0.15;

/** Throws mutated requests of every service, forged signatures and rubbish at the HTTPS port. */
export async function fuzzFrontDoor(options: FrontDoorFuzzOptions): Promise<FrontDoorTally> {
  const { deadline, dice, faults, requests, rubbish, say, subject } = options;
  const tally: FrontDoorTally = {
    requests: 0,
    rubbish: 0,
    statuses: new Map(),
    broken: new Map(),
    closed: [],
    silent: [],
    accepted: 0,
    corpus: 0,
  };
  const cloud = subject.platform.description;
  const device = await openIdentity(subject.platform.settings);
  const sender = await HttpSender.create(cloud, device);
  const target = { host: sender.host, apiPort: sender.port, mqttPort: cloud.mqttPort, ca: sender.ca };
  const over = (): boolean => performance.now() > deadline || subject.ended !== undefined || tally.silent.length > 20;
  try {
    const corpus = await realRequests(subject);
    tally.corpus = corpus.length;
    for (const request of corpus) {
      if (over()) break;
      const status = await deliver(sender, request, await sender.sign(request), tally, faults);
      if (status !== undefined && status < 300) tally.accepted++;
    }
    await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        const own = dice.fork(`http ${lane}`);
        while (!over() && (tally.requests < requests || tally.rubbish < rubbish)) {
          if (tally.rubbish < rubbish && (tally.requests >= requests || own.chance(rubbish / (requests + rubbish)))) {
            tally.rubbish++;
            await throwRubbish(own, target);
          } else {
            const request = mutateRequest(own, own.pick(corpus), corpus);
            const signed = await sender.sign(request);
            await deliver(sender, request, own.chance(FORGED) ? forge(own, signed) : signed, tally, faults);
          }
          say(`front door: ${group(tally.requests)} requests, ${group(tally.rubbish)} connections of rubbish`);
        }
      }),
    );
  } finally {
    sender.close();
  }
  return tally;
}

async function realRequests(subject: Subject): Promise<CorpusRequest[]> {
  const { description, outputs, settings } = subject.platform;
  const capture = new Capture(description.region, description.apiUrl);
  const queuePrefix = outputs.RejectedQueueUrl.slice(0, outputs.RejectedQueueUrl.lastIndexOf('/'));
  const roleArn = `arn:aws:iam::${description.accountId}:role/verify`;
  // One of its own: the requests make it inactive.
  const { certificateArn } = await openIdentity(settings);
  const references = { roleArn, accountId: description.accountId, region: description.region };
  return [
    ...(await controlServiceRequests(capture, { roleArn, certificateArn })),
    ...(await dataServiceRequests(capture, queuePrefix, roleArn)),
    ...(await iotCapabilityRequests(capture, references)),
    ...(await messagingServiceRequests(capture, references)),
    ...deviceRequests(),
  ];
}

async function deliver(
  sender: HttpSender,
  request: CorpusRequest,
  message: SignedMessage,
  tally: FrontDoorTally,
  faults: Faults,
): Promise<number | undefined> {
  const answer = await sender.send(message);
  if (answer === 'unsendable') return undefined;
  tally.requests++;
  if (answer === 'closed') {
    tally.closed.push(describe(request, message));
    return undefined;
  }
  if (answer === 'silent') {
    tally.silent.push(describe(request, message));
    return undefined;
  }
  tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1);
  if (answer.status >= 500 && answer.status !== 501) {
    // The log entry comes by another way than the answer.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const cause = faults.of(answer.requestId) ?? answer.body;
    const kind = `${request.name} ${answer.status} ${cause.replace(/[0-9a-f-]{36}/g, '').slice(0, 160)}`;
    const known = tally.broken.get(kind);
    if (known === undefined)
      tally.broken.set(kind, { count: 1, example: `${describe(request, message)}\n    ${cause}` });
    else known.count++;
  }
  return answer.status;
}

/** The request, without what would authenticate it. */
function describe(request: CorpusRequest, { body, headers, method, target }: SignedMessage): string {
  const shown = Object.entries(headers)
    .filter(([name]) => !/^(authorization|x-amz-security-token|x-amz-date)$/.test(name))
    .map(([name, value]) => `${name}: ${value.slice(0, 80)}`)
    .join(', ');
  return `${request.name}: ${method} ${target.slice(0, 200)} {${shown}} ${body.toString('utf8').slice(0, 700)}`;
}
