import { createHash } from 'node:crypto';
import { uuid } from '../../core/entropy.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import type { DynaliteOperation } from './dynalite-operations.ts';
import type { Engine, Json } from './engine.ts';
import type { Gate } from './gate.ts';
import { MAX_TOKEN, MAX_TRANSACT_BYTES, MAX_TRANSACT_ITEMS, TOKEN_LIFETIME_MS } from './limits.ts';

/** What an item was before a transaction touched it. */
interface Undo {
  readonly table: string;
  readonly key: Json;
  readonly item: Json | null;
}

interface Outcome {
  readonly digest: string;
  readonly answer: Json;
  readonly expires: number;
}

interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Json;
}

interface Step {
  readonly operation: DynaliteOperation;
  readonly request: Json;
  readonly check: boolean;
  readonly undo: Undo;
  readonly holds: boolean;
  readonly bytes: number;
  readonly returnsOld: boolean;
}

const KINDS: Readonly<Record<string, DynaliteOperation>> = {
  ConditionCheck: 'DeleteItem',
  Delete: 'DeleteItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};

/**
 * TransactWriteItems and TransactGetItems over single operations.
 *
 * INVARIANTS
 * - While a transaction runs, no other operation does ({@link Gate}).
 * - What the items were is on disk before the first of them changes, and forgotten on disk before the answer:
 *   after a crash either all changes of a transaction are there or none.
 */
export class Transactions {
  readonly #context: CloudContext;
  readonly #engine: Engine;
  readonly #gate: Gate;
  readonly #journal: Collection<Undo[]>;
  readonly #outcomes: Collection<Outcome>;

  constructor(context: CloudContext, engine: Engine, gate: Gate) {
    this.#context = context;
    this.#engine = engine;
    this.#gate = gate;
    this.#journal = context.store.collection('dynamodb/transactions');
    this.#outcomes = context.store.collection('dynamodb/transaction-tokens');
  }

  /** Takes back what a crash left half done. */
  async recover(): Promise<void> {
    for (const [id, undo] of [...this.#journal.entries()]) {
      await this.#takeBack(undo);
      this.#journal.delete(id);
    }
    await this.#context.store.durable();
  }

  async write(request: Json): Promise<Json> {
    const items = readItems(request);
    const token = request.ClientRequestToken;
    if (typeof token !== 'string') return this.#gate.exclusive(() => this.#write(items));
    if (token.length < 1 || token.length > MAX_TOKEN)
      throw invalid(`ClientRequestToken must have 1 to ${MAX_TOKEN} characters`);
    return this.#gate.exclusive(async () => {
      this.#forgetOldTokens();
      const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
      const known = this.#outcomes.get(token);
      if (known !== undefined && known.digest !== digest) {
        throw new AwsError(
          'IdempotentParameterMismatchException',
          'The request uses the same client token as a previous, but non-identical request.',
        );
      }
      if (known !== undefined) return known.answer;
      const answer = await this.#write(items, (done) =>
        this.#outcomes.put(token, { digest, answer: done, expires: this.#context.clock.now() + TOKEN_LIFETIME_MS }),
      );
      return answer;
    });
  }

  async read(request: Json): Promise<Json> {
    const items = readItems(request);
    return this.#gate.exclusive(async () => {
      const responses: Json[] = [];
      for (const item of items) {
        const [[kind, get] = ['', {}]] = Object.entries(item);
        if (kind !== 'Get') throw invalid('TransactItems can only contain Get');
        const { Item } = await this.#engine.run('GetItem', { ...(get as Json), ConsistentRead: true });
        responses.push(Item === undefined ? {} : { Item });
      }
      return { Responses: responses };
    });
  }

  async #write(items: readonly Json[], done?: (answer: Json) => void): Promise<Json> {
    const steps: Step[] = [];
    for (const item of items) steps.push(await this.#prepare(item));
    const identities = steps.map(({ undo }) => JSON.stringify([undo.table, undo.key]));
    if (new Set(identities).size !== identities.length) {
      throw invalid('Transaction request cannot include multiple operations on one item');
    }
    if (steps.reduce((sum, step) => sum + step.bytes, 0) > MAX_TRANSACT_BYTES) {
      throw invalid('Transaction request size has exceeded the maximum of 4 MB');
    }
    if (steps.some((step) => !step.holds)) {
      throw cancelled(
        steps.map(({ holds, returnsOld, undo }) => {
          if (holds) return { Code: 'None' };
          const old = returnsOld && undo.item !== null ? { Item: undo.item } : {};
          return { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', ...old };
        }),
      );
    }
    const changes = steps.filter((step) => !step.check);
    const id = uuid(this.#context.entropy);
    this.#journal.put(
      id,
      changes.map((step) => step.undo),
    );
    await this.#context.store.durable();
    for (const step of changes) {
      try {
        await this.#engine.run(step.operation, step.request);
      } catch (error) {
        await this.#takeBack(changes.map(({ undo }) => undo));
        await this.#forget(id);
        if (!(error instanceof AwsError) || error.code !== 'ValidationException') throw error;
        const { message } = error;
        throw cancelled(
          steps.map((one) => (one === step ? { Code: 'ValidationError', Message: message } : { Code: 'None' })),
        );
      }
    }
    done?.({});
    await this.#forget(id);
    return {};
  }

  async #prepare(item: Json): Promise<Step> {
    const [first, ...more] = Object.entries(item).filter(([, value]) => value !== null);
    const [kind, given] = (first ?? ['', {}]) as [string, Json];
    const operation = KINDS[kind];
    if (operation === undefined || more.length > 0) {
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
    }
    const { ReturnValuesOnConditionCheckFailure: returns, ...request } = given;
    const data = this.#engine.validated(operation, request);
    const table = await this.#engine.table(String(request.TableName));
    const source = (request.Key ?? request.Item) as Json;
    if (operation === 'PutItem') this.#engine.itemIdentity(table, source);
    const key = Object.fromEntries(table.KeySchema.map(({ AttributeName }) => [AttributeName, source[AttributeName]]));
    const existing = await this.#engine.item(table, request.Key === undefined ? key : (request.Key as Json));
    return {
      operation,
      request,
      check: kind === 'ConditionCheck',
      undo: { table: table.TableName, key, item: existing ?? null },
      holds: this.#engine.conditionHolds(data, existing),
      bytes: this.#engine.itemBytes(source),
      returnsOld: returns === 'ALL_OLD',
    };
  }

  async #takeBack(undo: readonly Undo[]): Promise<void> {
    for (const { table, key, item } of undo) {
      if (item === null) await this.#engine.run('DeleteItem', { TableName: table, Key: key });
      else await this.#engine.run('PutItem', { TableName: table, Item: item });
    }
  }

  async #forget(id: string): Promise<void> {
    this.#journal.delete(id);
    await this.#context.store.durable();
  }

  #forgetOldTokens(): void {
    const now = this.#context.clock.now();
    for (const [token, { expires }] of [...this.#outcomes.entries()]) if (expires <= now) this.#outcomes.delete(token);
  }
}

function readItems(request: Json): Json[] {
  const { TransactItems: items } = request;
  if (!Array.isArray(items) || items.length < 1 || items.length > MAX_TRANSACT_ITEMS) {
    throw invalid(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and ${MAX_TRANSACT_ITEMS}`,
    );
  }
  for (const member of ['ReturnConsumedCapacity', 'ReturnItemCollectionMetrics']) {
    const value = request[member];
    if (value !== undefined && value !== 'NONE') throw new NotImplementedError(`${member} '${value}' of a transaction`);
  }
  return items as Json[];
}

/** "TransactWriteItems": the reasons stand in the order of the items. */
function cancelled(reasons: readonly CancellationReason[]): AwsError {
  const codes = reasons.map(({ Code }) => Code).join(', ');
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    400,
    { fields: { CancellationReasons: reasons } },
  );
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
