/** What a spool has done since it was opened, and holds. */
export interface SpoolStats {
  /** Messages on disk. */
  readonly waiting: number;
  readonly bytes: number;
  readonly bootId: number;
  readonly taken: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly deferred: number;
  /** Messages that were lost for lack of room. */
  readonly dropped: number;
  readonly sent: number;
  readonly confirmed: number;
}
