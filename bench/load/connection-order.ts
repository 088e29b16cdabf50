/** Connections that a load client is to open and keep. */
export interface ConnectionOrder {
  readonly host: string;
  readonly port: number;
  readonly caFile: string;
  readonly count: number;
  /** Handshakes under way at a time. */
  readonly parallel: number;
  /** Taken in turn. */
  readonly certificates: readonly { readonly certificatePem: string; readonly privateKeyPem: string }[];
}

export type ConnectionCommand =
  | { readonly kind: 'open'; readonly order: ConnectionOrder }
  | { readonly kind: 'publish' }
  | { readonly kind: 'end' };

export type ConnectionReport =
  | { readonly kind: 'opened'; readonly milliseconds: number }
  /** One QoS 1 publish on each connection was acknowledged. */
  | { readonly kind: 'published'; readonly milliseconds: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
