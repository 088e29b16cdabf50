import { matcherOf } from '../configuration.ts';

/** Raw values that are asked for. */
export interface RawRequest {
  /** Patterns, `*` for any run of characters. */
  readonly series: readonly string[];
  /** ms since the epoch, exclusive */
  readonly until: number;
  readonly maxSeries: number;
  readonly maxValues: number;
}

export interface RawTapState {
  readonly request: RawRequest;
  readonly sent: number;
  readonly leftOut: number;
  readonly matched: readonly string[];
}

/** Chooses values that are sent as they are, within the bounds of the request. */
export class RawTap {
  readonly request: RawRequest;
  readonly #fits: readonly ((series: string) => boolean)[];
  readonly #matched: Set<string>;
  readonly #others = new Set<string>();
  #sent: number;
  #leftOut: number;

  constructor(request: RawRequest, state?: RawTapState) {
    this.request = request;
    this.#fits = request.series.map(matcherOf);
    this.#matched = new Set(state?.matched);
    this.#sent = state?.sent ?? 0;
    this.#leftOut = state?.leftOut ?? 0;
  }

  /** Values that were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Values of more series, or more values, than one request may have. */
  get leftOut(): number {
    return this.#leftOut;
  }

  isOver(now: number): boolean {
    return now >= this.request.until;
  }

  takes(series: string, now: number): boolean {
    if (this.isOver(now) || this.#others.has(series)) return false;
    if (!this.#matched.has(series)) {
      if (!this.#fits.some((fits) => fits(series))) {
        this.#others.add(series);
        return false;
      }
      if (this.#matched.size >= this.request.maxSeries) {
        this.#leftOut++;
        return false;
      }
      this.#matched.add(series);
    }
    if (this.#sent >= this.request.maxValues) {
      this.#leftOut++;
      return false;
    }
    this.#sent++;
    return true;
  }

  state(): RawTapState {
    return { request: this.request, sent: this.#sent, leftOut: this.#leftOut, matched: [...this.#matched] };
  }
}
