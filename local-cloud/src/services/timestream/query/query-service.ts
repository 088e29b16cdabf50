import type { QueryRequest, QueryResponse } from '@aws-sdk/client-timestream-query';
import type { ApiCall } from '../../../core/api.ts';
import { uuid } from '../../../core/entropy.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { CompiledQuery } from '../../../core/sql/analysis/expression-context.ts';
import { QueryCompiler } from '../../../core/sql/analysis/query-compiler.ts';
import { findTable, type ReadableTable, type Session } from '../../../core/sql/analysis/relations.ts';
import type { Query, Statement } from '../../../core/sql/syntax/ast.ts';
import { parseStatement } from '../../../core/sql/syntax/parse-statement.ts';
import { semanticError } from '../../../core/sql/syntax/query-error.ts';
import { tableReferences } from '../../../core/sql/table-references.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { IngestQueue } from '../ingest/ingest-queue.ts';
import { CLIENT_TOKEN_MILLISECONDS } from '../limits.ts';
import type { StorageEngine } from '../storage/engine.ts';
import type { TableLayout } from '../storage/table-layout.ts';
import { Cursors } from './execution/cursors.ts';
import { describeTable, showMeasures, showNames } from './execution/metadata-statements.ts';
import { ResultPages } from './execution/result-pages.ts';
import { QueryRows, type RowSource } from './execution/row-source.ts';
import { Turnstile } from './execution/turnstile.ts';
import { storedTable } from './stored-table.ts';

/** Queries that run at the same time; the engine's threads are shared with the writes. */
const CONCURRENT_QUERIES = 2;
const MAX_WAITING_QUERIES = 100;
/** First answers kept for a repeated client token. */
const MAX_CLIENT_TOKENS = 32;

interface RememberedAnswer {
  readonly queryString: string;
  readonly expires: number;
  readonly answer: Promise<QueryResponse>;
}

/** Runs query strings: parsed and compiled here, evaluated by the storage engine. */
export class QueryService {
  readonly #context: CloudContext;
  readonly #catalog: Catalog;
  readonly #queue: IngestQueue;
  readonly #engine: StorageEngine;
  readonly #cursors: Cursors;
  readonly #turnstile = new Turnstile(CONCURRENT_QUERIES, MAX_WAITING_QUERIES);
  readonly #answers = new Map<string, RememberedAnswer>();
  /** Statements between authorization and execution of the same call. */
  readonly #parsed = new WeakMap<object, Statement>();

  constructor(context: CloudContext, catalog: Catalog, queue: IngestQueue, engine: StorageEngine) {
    this.#context = context;
    this.#catalog = catalog;
    this.#queue = queue;
    this.#engine = engine;
    this.#cursors = new Cursors(context.clock);
  }

  /** @throws AwsError `ValidationException` with line and column */
  parse(input: { QueryString?: string | undefined }): Statement {
    let statement = this.#parsed.get(input);
    if (statement === undefined) {
      statement = parseStatement(input.QueryString ?? '');
      this.#parsed.set(input, statement);
    }
    return statement;
  }

  /** Developer guide, "Identity-based policy examples": tables are read with Select, other values with SelectValues. */
  permissions(statement: Statement): readonly Permission[] {
    const on = (name: string, resource: string): Permission => ({ action: `timestream:${name}`, resource });
    switch (statement.kind) {
      case 'show-databases':
        return [on('ListDatabases', this.#catalog.databaseArn('*'))];
      case 'show-tables':
        return [on('ListTables', this.#catalog.databaseArn(statement.database ?? '*'))];
      case 'show-measures':
        return tableReferences(statement).map(({ parts }) => on('ListMeasures', this.#arn(parts)));
      case 'describe':
        return tableReferences(statement).map(({ parts }) => on('DescribeTable', this.#arn(parts)));
      case 'query': {
        const tables = tableReferences(statement);
        if (tables.length === 0) return [on('SelectValues', '*')];
        return tables.map(({ parts }) => on('Select', this.#arn(parts)));
      }
    }
  }

  /** @throws AwsError */
  async run(input: QueryRequest, call: ApiCall): Promise<QueryResponse> {
    const owner = ownerOf(call.principal);
    if (input.NextToken !== undefined) return this.#nextPage(input, input.NextToken, owner);
    if (input.ClientToken === undefined) return this.#firstPage(input, owner);
    const key = JSON.stringify([owner, input.ClientToken, input.MaxRows ?? null]);
    const known = this.#answers.get(key);
    const now = this.#context.clock.now();
    if (known !== undefined && known.expires > now && known.queryString === input.QueryString) return known.answer;
    const answer = this.#firstPage(input, owner);
    this.#answers.delete(key);
    this.#answers.set(key, {
      queryString: input.QueryString as string,
      expires: now + CLIENT_TOKEN_MILLISECONDS,
      answer,
    });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MAX_CLIENT_TOKENS) break;
      this.#answers.delete(oldest);
    }
    answer.catch(() => this.#answers.delete(key));
    return answer;
  }

  /** Checks and compiles a SELECT without running it. @throws AwsError */
  async prepare(query: Query, statement: Statement): Promise<CompiledQuery> {
    return this.#compile(query, statement);
  }

  /** Answers whether the query's result was still open. */
  cancel(queryId: string): boolean {
    return this.#cursors.close(queryId);
  }

  close(): void {
    this.#cursors.closeAll();
    this.#answers.clear();
  }

  /**
   * With MaxRows the first answer holds rows only when the whole result is smaller than that and than 1 MB; else it
   * holds a token alone (API reference, Query, MaxRows).
   */
  async #firstPage(input: QueryRequest, owner: string): Promise<QueryResponse> {
    const { MaxRows, QueryString } = input;
    const statement = this.parse(input);
    const queryId = uuid(this.#context.entropy).replaceAll('-', '').toUpperCase();
    return this.#turnstile.pass(async () => {
      const pages = new ResultPages(await this.#start(statement));
      try {
        const page = await pages.next(MaxRows ?? Number.POSITIVE_INFINITY);
        const whole = page.last && (MaxRows === undefined || page.rows.length < MaxRows);
        const held = MaxRows !== undefined && !whole;
        if (whole) pages.close();
        const token = whole
          ? undefined
          : this.#cursors.open(queryId, owner, QueryString as string, pages, held ? page : undefined);
        return response(queryId, held ? [] : page.rows, pages.columns, token);
      } catch (error) {
        pages.close();
        throw error;
      }
    });
  }

  async #nextPage(input: QueryRequest, token: string, owner: string): Promise<QueryResponse> {
    const page = await this.#turnstile.pass(() =>
      this.#cursors.page(token, owner, input.QueryString as string, input.MaxRows),
    );
    return response(page.queryId, page.rows, page.columns, page.nextToken);
  }

  async #start(statement: Statement): Promise<RowSource> {
    switch (statement.kind) {
      case 'show-databases':
        return showNames(
          'Database',
          this.#catalog.databases().map(({ name }) => name),
          statement.like,
        );
      case 'show-tables': {
        const { database, at } = statement;
        if (database !== undefined && this.#catalog.findDatabase(database) === undefined) {
          throw semanticError(at, `Database '${database}' does not exist`);
        }
        return showNames(
          'Table',
          this.#catalog.tables(database).map(({ name }) => name),
          statement.like,
        );
      }
      case 'show-measures':
        return showMeasures(await this.#layoutOf(statement), statement.like);
      case 'describe':
        return describeTable(await this.#layoutOf(statement));
      case 'query': {
        const compiled = await this.#compile(statement.query, statement);
        return QueryRows.start(compiled, await this.#engine.reader(), this.#context.clock);
      }
    }
  }

  async #layoutOf(statement: Extract<Statement, { kind: 'show-measures' | 'describe' }>): Promise<TableLayout> {
    const { parts, at } = statement.table;
    const { database, name } = findTable(await this.#session(statement), parts, at);
    return this.#queue.layout(this.#catalog.table(database, name).id);
  }

  async #compile(query: Query, statement: Statement): Promise<CompiledQuery> {
    return new QueryCompiler(await this.#session(statement)).compile(query, undefined, new Map());
  }

  /** Looks up what the statement names before it is compiled. */
  async #session(statement: Statement): Promise<Session> {
    const tables = new Map<string, ReadableTable>();
    const now = BigInt(Math.floor(this.#context.clock.now())) * 1_000_000n;
    for (const { parts } of tableReferences(statement)) {
      const [database, name] = parts;
      const definition = this.#catalog.findTable(database ?? '', name ?? '');
      if (definition === undefined) continue;
      const layout = await this.#queue.layout(definition.id);
      tables.set(`${database}/${name}`, storedTable(definition, layout, now));
    }
    let aliases = 0;
    return {
      now,
      table: (database, name) => tables.get(`${database}/${name}`),
      hasDatabase: (database) => this.#catalog.findDatabase(database) !== undefined,
      alias: (prefix) => `${prefix}${aliases++}`,
    };
  }

  #arn([database, name]: readonly string[]): string {
    return this.#catalog.tableArn(database ?? '', name ?? '');
  }
}

/** Bytes scanned and metered are AWS's own measures and left out. */
function response(
  QueryId: string,
  Rows: ResultRows,
  columns: ResultPages['columns'],
  NextToken: string | undefined,
): QueryResponse {
  return { QueryId, NextToken, Rows: [...Rows], ColumnInfo: [...columns], QueryStatus: { ProgressPercentage: 100 } };
}

type ResultRows = Awaited<ReturnType<ResultPages['next']>>['rows'];

function ownerOf(principal: Principal): string {
  return principal.kind === 'account' || principal.kind === 'assumed-role' ? principal.arn : JSON.stringify(principal);
}
