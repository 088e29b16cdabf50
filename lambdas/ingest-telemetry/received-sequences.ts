import { type AttributeValue, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { errorName } from '../shared/errors.ts';
import type { SequenceClaim, SequenceVerdict } from './detect-replays.ts';
import type { SequencePort } from './ingest-batch.ts';

/**
 * Sequence numbers of one item. With a digest of 12 characters each, a full item is below 1 KB, so that every update
 * costs one write unit.
 */
const BLOCK = 32;
const PARALLEL = 8;
const DAY_SECONDS = 86_400;

interface Place {
  readonly index: number;
  readonly attribute: string;
  readonly digest: string;
}

/**
 * Remembers which sequence numbers of a strict channel were received, and a digest of each, in blocks:
 * `{ stream, block, d0 … d31, expiresAt }`. Sequences of one block that come in one batch share one conditional update.
 */
export function receivedSequences(
  client: DynamoDBClient,
  tableName: string,
  days: number,
  now: () => number,
  onFailure: (error: unknown) => void,
): SequencePort {
  return {
    async claim(claims) {
      const verdicts = new Array<SequenceVerdict | undefined>(claims.length);
      const blocks = [...groupByBlock(claims).values()];
      const expiresAt = Math.floor(now() / 1_000) + days * DAY_SECONDS;
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < blocks.length) {
          const block = blocks[next++] as Block;
          try {
            await claimBlock(client, tableName, block, expiresAt, verdicts);
          } catch (error) {
            if (!isTransient(error)) throw error;
            onFailure(error);
            for (const { index } of block.places) verdicts[index] = undefined;
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(PARALLEL, blocks.length) }, worker));
      return verdicts;
    },
  };
}

/** What the SDK has retried in vain; everything else, such as a missing permission, is the function's own fault. */
function isTransient(error: unknown): boolean {
  const { $metadata, $retryable } = error as { $metadata?: { httpStatusCode?: number }; $retryable?: unknown };
  const status = $metadata?.httpStatusCode;
  return status === undefined || status >= 500 || $retryable !== undefined || TRANSIENT.has(errorName(error));
}

const TRANSIENT = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionInProgressException',
]);

interface Block {
  readonly stream: string;
  readonly block: number;
  readonly places: Place[];
}

function groupByBlock(claims: readonly SequenceClaim[]): Map<string, Block> {
  const blocks = new Map<string, Block>();
  claims.forEach(({ stream, sequence, digest }, index) => {
    const block = Math.floor(sequence / BLOCK);
    const key = `${stream}#${block}`;
    let group = blocks.get(key);
    if (group === undefined) {
      group = { stream, block, places: [] };
      blocks.set(key, group);
    }
    group.places.push({ index, attribute: `d${sequence % BLOCK}`, digest });
  });
  return blocks;
}

/**
 * Two rounds settle a block: the first is refused when some numbers are known, and tells which; the second adds the
 * others. A third is needed only when another invocation got in between.
 */
const ROUNDS = 5;

async function claimBlock(
  client: DynamoDBClient,
  tableName: string,
  { stream, block, places }: Block,
  expiresAt: number,
  verdicts: (SequenceVerdict | undefined)[],
): Promise<void> {
  let open = places;
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    const known = await addToBlock(client, tableName, stream, block, open, expiresAt);
    if (known === undefined) {
      for (const { index } of open) verdicts[index] = 'new';
      return;
    }
    open = open.filter(({ index, attribute, digest }) => {
      const kept = known[attribute]?.S;
      if (kept === undefined) return true;
      verdicts[index] = kept === digest ? 'duplicate' : 'replay';
      return false;
    });
  }
}

/** Adds all numbers or none; then resolves to the item as it is. */
async function addToBlock(
  client: DynamoDBClient,
  tableName: string,
  stream: string,
  block: number,
  places: readonly Place[],
  expiresAt: number,
): Promise<Record<string, AttributeValue> | undefined> {
  const names: Record<string, string> = { '#expiresAt': 'expiresAt' };
  const values: Record<string, AttributeValue> = { ':expiresAt': { N: String(expiresAt) } };
  for (const { attribute, digest } of places) {
    names[`#${attribute}`] = attribute;
    values[`:${attribute}`] = { S: digest };
  }
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: { stream: { S: stream }, block: { N: String(block) } },
        UpdateExpression: `SET #expiresAt = :expiresAt, ${places.map((place) => `#${place.attribute} = :${place.attribute}`).join(', ')}`,
        ConditionExpression: places.map((place) => `attribute_not_exists(#${place.attribute})`).join(' AND '),
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return undefined;
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error;
    return (error as { Item?: Record<string, AttributeValue> }).Item ?? {};
  }
}
