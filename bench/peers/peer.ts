/** A broker of a comparison, in a process of its own. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}
