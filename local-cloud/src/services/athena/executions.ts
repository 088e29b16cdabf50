import { Readable } from 'node:stream';
import type { QueryExecution, StartQueryExecutionInput } from '@aws-sdk/client-athena';
import type { GetObjectOutput } from '@aws-sdk/client-s3';
import type { DuckDBConnection } from '@duckdb/node-api';
import { uuid } from '../../core/entropy.ts';
import { AwsError, messageOf, NotImplementedError } from '../../core/errors.ts';
import type { Principal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { ScratchEngine } from '../../core/sql/scratch-engine.ts';
import type { Collection } from '../../core/store.ts';
import { invalidRequest, QueryFailure, ScanLimitExceeded } from './errors.ts';
import { CONCURRENT_QUERIES, MAX_EXECUTIONS, MAX_QUERY_BYTES } from './limits.ts';
import { type ReadQuery, readQuery } from './query/dialect.ts';
import { readCsv } from './query/result-text.ts';
import { type ResultColumn, runQuery } from './query/run-query.ts';
import { ENGINE_VERSION, readEncryption, readLocation, type WorkGroups } from './workgroups.ts';

export interface ExecutionRecord {
  readonly id: string;
  /** Grows with each execution. */
  readonly order: number;
  readonly query: string;
  readonly database?: string | undefined;
  readonly workGroup: string;
  readonly outputLocation: string;
  readonly encryption?: 'SSE_S3' | undefined;
  readonly token?: string | undefined;
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  readonly reason?: string | undefined;
  readonly errorCategory?: number | undefined;
  readonly submittedAt: number;
  readonly startedAt?: number | undefined;
  readonly completedAt?: number | undefined;
  readonly bytesRead?: number | undefined;
  readonly columns?: readonly ResultColumn[] | undefined;
}

interface Waiting {
  readonly id: string;
  readonly caller: Principal;
  readonly read: ReadQuery;
}

/** The query executions of the account. They end as FAILED when the cloud ends under them. */
export class Executions {
  readonly #context: CloudContext;
  readonly #groups: WorkGroups;
  readonly #engine: ScratchEngine;
  readonly #records: Collection<ExecutionRecord>;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<string, { connection?: DuckDBConnection; done: Promise<void> }>();
  #order = 0;

  constructor(context: CloudContext, groups: WorkGroups, engine: ScratchEngine) {
    this.#context = context;
    this.#groups = groups;
    this.#engine = engine;
    this.#records = context.store.collection('athena/executions');
    for (const record of this.#records.values()) {
      this.#order = Math.max(this.#order, record.order);
      if (record.state === 'QUEUED' || record.state === 'RUNNING') {
        const reason = 'INTERNAL_ERROR: the local cloud was stopped while the query ran';
        this.#records.put(record.id, {
          ...record,
          state: 'FAILED',
          reason,
          errorCategory: 1,
          completedAt: record.submittedAt,
        });
      }
    }
  }

  /** @throws AwsError `InvalidRequestException`, `NotImplemented` */
  async start(input: StartQueryExecutionInput, caller: Principal): Promise<string> {
    refuse(input);
    const group = this.#groups.require(input.WorkGroup);
    if (group.state === 'DISABLED') throw invalidRequest('WorkGroup is disabled.');
    const token = input.ClientRequestToken;
    const known =
      token === undefined ? undefined : [...this.#records.values()].find((record) => record.token === token);
    if (known !== undefined) {
      if (known.query === input.QueryString) return known.id;
      throw invalidRequest('Idempotent parameters do not match');
    }
    const query = input.QueryString ?? '';
    if (Buffer.byteLength(query) > MAX_QUERY_BYTES)
      throw invalidRequest(`QueryString is longer than ${MAX_QUERY_BYTES} bytes`);
    const database = input.QueryExecutionContext?.Database?.toLowerCase();
    const read = readQuery(query, database);
    const asked = readLocation(input.ResultConfiguration?.OutputLocation);
    const location = group.enforce ? group.outputLocation : (asked ?? group.outputLocation);
    if (location === undefined) {
      throw invalidRequest(
        'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
      );
    }
    await this.#checkBucket(location, caller);
    const record: ExecutionRecord = {
      id: uuid(this.#context.entropy),
      order: ++this.#order,
      query,
      database,
      workGroup: group.name,
      outputLocation: location,
      encryption: readEncryption(input.ResultConfiguration) ?? group.encryption,
      token,
      state: 'QUEUED',
      submittedAt: this.#context.clock.now(),
    };
    this.#records.put(record.id, record);
    this.#forgetOldest();
    await this.#context.store.durable();
    this.#waiting.push({ id: record.id, caller, read });
    this.#next();
    return record.id;
  }

  /** @throws AwsError `InvalidRequestException` */
  require(id: string | undefined): ExecutionRecord {
    const record = this.#records.get(id ?? '');
    if (record === undefined) throw invalidRequest(`QueryExecution ${id} was not found`);
    return record;
  }

  find(id: string | undefined): ExecutionRecord | undefined {
    return this.#records.get(id ?? '');
  }

  /** Newest first. */
  of(workGroup: string): ExecutionRecord[] {
    const found = [...this.#records.values()].filter((record) => record.workGroup === workGroup);
    return found.sort((a, b) => b.order - a.order);
  }

  /** Stopping what has ended changes nothing. */
  async cancel(id: string | undefined): Promise<void> {
    const record = this.require(id);
    if (record.state !== 'QUEUED' && record.state !== 'RUNNING') return;
    const place = this.#waiting.findIndex((waiting) => waiting.id === id);
    if (place !== -1) this.#waiting.splice(place, 1);
    this.#end(record.id, { state: 'CANCELLED', reason: 'Query cancelled by user' });
    this.#running.get(record.id)?.connection?.interrupt();
    await this.#context.store.durable();
  }

  /** The rows of the result file, which the caller must be allowed to read. @throws AwsError */
  async rows(record: ExecutionRecord, caller: Principal): Promise<(string | undefined)[][]> {
    const { Body } = await this.#context.api.call<GetObjectOutput>(caller, 's3', 'GetObject', objectOf(record));
    const bytes =
      Body instanceof Readable ? Buffer.concat(await Body.toArray()) : Buffer.from(Body as unknown as Uint8Array);
    return readCsv(bytes.toString('utf8'));
  }

  async stop(): Promise<void> {
    this.#waiting.length = 0;
    for (const { connection } of this.#running.values()) connection?.interrupt();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  async #checkBucket(location: string, caller: Principal): Promise<void> {
    const [, , bucket = ''] = location.split('/');
    try {
      await this.#context.api.call(caller, 's3', 'GetBucketLocation', { Bucket: bucket });
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      throw invalidRequest(`Unable to verify/create output bucket ${bucket}. ${cause.message}`);
    }
  }

  #next(): void {
    while (this.#running.size < CONCURRENT_QUERIES) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      const run: { connection?: DuckDBConnection; done: Promise<void> } = { done: Promise.resolve() };
      this.#running.set(waiting.id, run);
      run.done = this.#run(waiting, (connection) => {
        run.connection = connection;
      }).finally(() => {
        this.#running.delete(waiting.id);
        this.#next();
      });
    }
  }

  async #run({ caller, id, read }: Waiting, started: (connection: DuckDBConnection) => void): Promise<void> {
    this.#change(id, { state: 'RUNNING', startedAt: this.#context.clock.now() });
    try {
      const record = this.require(id);
      const { bytesRead, columns, csv } = await runQuery({
        context: this.#context,
        engine: this.#engine,
        caller,
        text: record.query,
        read,
        cutoff: this.#groups.find(record.workGroup)?.bytesCutoff,
        started,
      });
      if (this.require(id).state === 'CANCELLED') return;
      const { Bucket, Key } = objectOf(record);
      const put = (key: string, text: string) =>
        this.#context.api.call(caller, 's3', 'PutObject', {
          Bucket,
          Key: key,
          Body: Buffer.from(text),
          ContentType: 'application/octet-stream',
        });
      await put(Key, csv);
      // The form of AWS's file is not documented; this one tells columns and types as JSON.
      await put(`${Key}.metadata`, JSON.stringify({ columns }));
      this.#end(id, { state: 'SUCCEEDED', columns, bytesRead });
    } catch (error) {
      if (error instanceof ScanLimitExceeded) this.#end(id, { state: 'CANCELLED', reason: error.message });
      else {
        const errorCategory = error instanceof QueryFailure ? error.category : 2;
        this.#end(id, { state: 'FAILED', reason: reasonOf(error), errorCategory });
      }
    }
    await this.#context.store.durable().catch(() => undefined);
  }

  #end(id: string, change: Partial<ExecutionRecord>): void {
    if (this.find(id)?.state === 'CANCELLED') return;
    this.#change(id, { ...change, completedAt: this.#context.clock.now() });
  }

  #change(id: string, change: Partial<ExecutionRecord>): void {
    this.#records.put(id, { ...this.require(id), ...change });
  }

  #forgetOldest(): void {
    for (const [id, { state }] of this.#records.entries()) {
      if (this.#records.size <= MAX_EXECUTIONS) return;
      if (state !== 'QUEUED' && state !== 'RUNNING') this.#records.delete(id);
    }
  }
}

function objectOf({ id, outputLocation }: ExecutionRecord): { Bucket: string; Key: string } {
  const [, , Bucket = '', ...path] = outputLocation.split('/');
  return { Bucket, Key: `${path.join('/')}${id}.csv` };
}

export function wireExecution(record: ExecutionRecord): QueryExecution {
  const end = record.completedAt ?? record.startedAt ?? record.submittedAt;
  const start = record.startedAt ?? record.submittedAt;
  const { Bucket, Key } = objectOf(record);
  return {
    QueryExecutionId: record.id,
    Query: record.query,
    StatementType: 'DML',
    SubstatementType: 'SELECT',
    ResultConfiguration: {
      OutputLocation: `s3://${Bucket}/${Key}`,
      ...(record.encryption === undefined ? {} : { EncryptionConfiguration: { EncryptionOption: record.encryption } }),
    },
    QueryExecutionContext: { Database: record.database, Catalog: 'awsdatacatalog' },
    Status: {
      State: record.state,
      StateChangeReason: record.reason,
      SubmissionDateTime: new Date(record.submittedAt),
      ...(record.completedAt === undefined ? {} : { CompletionDateTime: new Date(record.completedAt) }),
      ...(record.state === 'FAILED'
        ? { AthenaError: { ErrorCategory: record.errorCategory, ErrorMessage: record.reason, Retryable: false } }
        : {}),
    },
    Statistics: {
      EngineExecutionTimeInMillis: end - start,
      DataScannedInBytes: record.bytesRead ?? 0,
      TotalExecutionTimeInMillis: end - record.submittedAt,
      QueryQueueTimeInMillis: start - record.submittedAt,
    },
    WorkGroup: record.workGroup,
    EngineVersion: ENGINE_VERSION,
  };
}

function refuse(input: StartQueryExecutionInput): void {
  if ((input.ExecutionParameters ?? []).length > 0) throw new NotImplementedError('Athena: ExecutionParameters');
  if (input.ResultReuseConfiguration?.ResultReuseByAgeConfiguration?.Enabled === true)
    throw new NotImplementedError('Athena: result reuse');
  if (input.EngineConfiguration !== undefined) throw new NotImplementedError('Athena: EngineConfiguration');
  const catalog = input.QueryExecutionContext?.Catalog;
  if (catalog !== undefined && catalog.toLowerCase() !== 'awsdatacatalog')
    throw new NotImplementedError(`Athena: the data catalog '${catalog}'`);
}

/** The engine's errors come from native code and need not be instances of this realm's Error. */
function reasonOf(error: unknown): string {
  if (error instanceof AwsError)
    return error.statusCode === 403 ? `PERMISSION_DENIED: ${error.message}` : error.message;
  const [line = ''] = String((error as { message?: unknown } | undefined)?.message ?? messageOf(error)).split('\n');
  if (error instanceof QueryFailure) return line;
  return `GENERIC_USER_ERROR: ${line.replace(/^(Invalid Input|Out of Range|Conversion|Divide by Zero) Error: /, '')}`;
}
