import type { Clock, Timer } from '../../../../core/clock.ts';
import { validationError } from '../../faults.ts';
import { PAGE_TOKEN_INVOCATIONS, PAGE_TOKEN_MILLISECONDS } from '../../limits.ts';
import type { Page, ResultPages } from './result-pages.ts';

interface Cursor {
  readonly queryId: string;
  readonly owner: string;
  readonly queryString: string;
  readonly pages: ResultPages;
  readonly expiry: Timer;
  /** A page already read, to be served under the next token. */
  ahead: Page | undefined;
  /** Number of the page served last, counted from 0 for the answer that gave the first token. */
  served: number;
  current: Page | undefined;
  uses: number;
}

export interface CursorPage extends Page {
  readonly columns: ResultPages['columns'];
  readonly queryId: string;
  readonly nextToken: string | undefined;
}

/** Open results beyond this are closed, oldest first. */
const MAX_CURSORS = 32;

/**
 * Results that are read page by page (API reference, Query, NextToken): a token serves the same page up to five times or
 * for an hour, until a newer token is used, and only its own principal with its own query.
 */
export class Cursors {
  readonly #clock: Clock;
  readonly #cursors = new Map<string, Cursor>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps a result open and answers the token of its next page. */
  open(queryId: string, owner: string, queryString: string, pages: ResultPages, ahead: Page | undefined): string {
    const expiry = this.#clock.after(PAGE_TOKEN_MILLISECONDS, () => this.close(queryId));
    const cursor: Cursor = {
      queryId,
      owner,
      queryString,
      pages,
      expiry,
      ahead,
      served: 0,
      current: undefined,
      uses: 0,
    };
    this.#cursors.set(queryId, cursor);
    for (const oldest of this.#cursors.keys()) {
      if (this.#cursors.size <= MAX_CURSORS) break;
      this.close(oldest);
    }
    return tokenText(queryId, 1);
  }

  /** @throws AwsError `ValidationException` */
  async page(token: string, owner: string, queryString: string, maxRows: number | undefined): Promise<CursorPage> {
    const [queryId = '', number = ''] = Buffer.from(token, 'base64url').toString().split(':');
    const cursor = this.#cursors.get(queryId);
    const wanted = Number(number);
    const known = cursor !== undefined && (wanted === cursor.served || wanted === cursor.served + 1) && wanted > 0;
    if (!known || cursor.owner !== owner || cursor.queryString !== queryString) {
      throw validationError('Invalid pagination token');
    }
    if (wanted > cursor.served) {
      const page = cursor.ahead ?? (await cursor.pages.next(maxRows ?? Number.POSITIVE_INFINITY));
      cursor.ahead = undefined;
      cursor.current = page;
      cursor.served = wanted;
      cursor.uses = 0;
      if (page.last) cursor.pages.close();
    }
    if (++cursor.uses > PAGE_TOKEN_INVOCATIONS) {
      this.close(queryId);
      throw validationError('Invalid pagination token');
    }
    const page = cursor.current as Page;
    return {
      ...page,
      queryId,
      columns: cursor.pages.columns,
      nextToken: page.last ? undefined : tokenText(queryId, wanted + 1),
    };
  }

  /** Answers whether there was such a result. */
  close(queryId: string): boolean {
    const cursor = this.#cursors.get(queryId);
    if (cursor === undefined) return false;
    this.#cursors.delete(queryId);
    cursor.expiry.cancel();
    cursor.pages.close();
    return true;
  }

  closeAll(): void {
    for (const queryId of [...this.#cursors.keys()]) this.close(queryId);
  }
}

function tokenText(queryId: string, page: number): string {
  return Buffer.from(`${queryId}:${page}`).toString('base64url');
}
