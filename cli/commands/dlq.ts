import { setTimeout as wait } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { chooseEnd, type EndQueue, findEndQueues } from '../dead-letters/find-queues.ts';
import { letterQueue } from '../dead-letters/letter-queue.ts';
import { type Letter, type LetterKind, payloadText } from '../dead-letters/read-letter.ts';
import { type LetterPorts, redriveLetters, walkLetters } from '../dead-letters/walk-letters.ts';
import { Failure, messageOf } from '../failure.ts';
import { type StageClients, withClients } from '../operator/clients.ts';
import { openStage, type Stage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageResources, stageStacks } from '../operator/stage-stacks.ts';
import { createProgress } from '../output/progress.ts';
import { formatTable } from '../output/table.ts';

export interface DlqOptions extends StageOptions {
  readonly json?: boolean;
}

export interface DlqShowOptions extends DlqOptions {
  /** As `dlq list` names it. */
  readonly queue: string;
  readonly reason?: string;
  readonly limit: number;
}

export interface DlqRedriveOptions extends DlqShowOptions {
  readonly rate: number;
  readonly dryRun?: boolean;
}

const MEANINGS: Readonly<Record<LetterKind, string>> = {
  rejected: 'invalid, or refused by the store',
  failed: 'every delivery to the ingest function failed',
  'rule-errors': "a rule's action failed",
  plain: 'another stack could not handle it',
};

/** `fleetwright dlq list`: how many dead letters lie in each queue. */
export async function dlqList(options: DlqOptions): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const rows = (await ends(clients, stage)).map(
      ({ held, kind, messages, name }): [string, string, string, string] => [
        name,
        String(messages),
        String(held),
        MEANINGS[kind],
      ],
    );
    if (options.json === true) {
      for (const [queue, messages, held] of rows) {
        process.stdout.write(`${JSON.stringify({ queue, messages: Number(messages), held: Number(held) })}\n`);
      }
    } else {
      process.stdout.write(`${formatTable({ columns: ['queue', 'messages', 'held', 'meaning'], rows })}\n`);
    }
  });
}

/** `fleetwright dlq show`: the letters of a queue, decoded. They stay where they are. */
export async function dlqShow(options: DlqShowOptions): Promise<void> {
  await withLetters(options, async (ports) => {
    const reasons = new Map<string, number>();
    let shown = 0;
    await walkLetters(ports, async ({ letter }) => {
      if (!isWanted(letter, options.reason)) return 'kept';
      if (shown >= options.limit) return 'stop';
      shown++;
      for (const reason of letter.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      process.stdout.write(options.json === true ? `${JSON.stringify(jsonOf(letter))}\n` : `${textOf(letter)}\n\n`);
      return 'kept';
    });
    const counts = [...reasons].map(([reason, count]) => `${reason} ${count}`).join(', ');
    process.stderr.write(`${shown} letter${shown === 1 ? '' : 's'}${counts === '' ? '' : `: ${counts}`}\n`);
  });
}

/** `fleetwright dlq redrive`: sends letters back to the queue they came from, and removes each once it is there. */
export async function dlqRedrive(options: DlqRedriveOptions): Promise<void> {
  const progress = createProgress(process.stderr, false);
  await withLetters(options, async (ports) => {
    let sent = 0;
    const counting: LetterPorts = {
      ...ports,
      async send(body) {
        await ports.send(body);
        progress.live(`${++sent} sent`);
      },
      pause: wait,
    };
    const result = await redriveLetters(counting, {
      wanted: (letter) => isWanted(letter, options.reason),
      limit: options.limit,
      rate: options.rate,
      dryRun: options.dryRun === true,
    }).catch((error: unknown) => {
      throw new Failure(`${sent} letters were sent back, then: ${messageOf(error)}. The others are where they were.`);
    });
    for (const { messageId, reason } of result.refused) progress.note(`${messageId} stays: ${reason}`);
    if (result.twice > 0)
      progress.note(`${result.twice} were sent but not removed: they will come twice, as duplicates`);
    if (result.returned > 0) progress.note(`${result.returned} were refused again at once, and stay`);
    if (options.json === true)
      process.stdout.write(`${JSON.stringify({ ...result, dryRun: options.dryRun === true })}\n`);
    const verb = options.dryRun === true ? 'would go' : 'went';
    progress.done(
      `${result.redriven} ${verb} back to where they came from, ${result.refused.length} cannot, ${result.passed} not chosen`,
    );
  });
}

async function withLetters(options: DlqShowOptions, work: (ports: LetterPorts) => Promise<void>): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const { kind, sourceUrl, url } = chooseEnd(await ends(clients, stage), options.queue);
    const ingestRules = (['telemetry', 'event'] as const).map((channel) => stage.names.ruleName(channel));
    const settings = { ingestRules, hasSource: sourceUrl !== undefined };
    await work(letterQueue(clients.of(SQSClient), kind, { queue: url, source: sourceUrl }, settings));
  });
}

async function ends(clients: StageClients, stage: Stage): Promise<readonly EndQueue[]> {
  const stacks = await stageStacks(clients.cloudFormation, stage);
  stageOutputs(stacks, stage, ['IngestQueueUrl']);
  return findEndQueues(clients.of(SQSClient), stacks, await stageResources(clients.cloudFormation, stacks));
}

function isWanted(letter: Letter, reason: string | undefined): boolean {
  return reason === undefined || letter.reasons.includes(reason);
}

function jsonOf({ payload, redrive, ...letter }: Letter): object {
  return {
    ...letter,
    at: new Date(letter.at).toISOString(),
    ...(payload !== undefined && { payload: payloadText(payload), payloadBase64: payload.toString('base64') }),
    ...('refused' in redrive && { refused: redrive.refused }),
  };
}

function textOf(letter: Letter): string {
  return [
    `${new Date(letter.at).toISOString()}  ${letter.topic ?? '(no topic)'}  ${letter.messageId}`,
    ...letter.details.map((detail) => `  ${detail}`),
    ...(letter.payload === undefined ? [] : [`  payload: ${payloadText(letter.payload)}`]),
    ...('refused' in letter.redrive ? [`  cannot be sent back: ${letter.redrive.refused}`] : []),
  ].join('\n');
}
