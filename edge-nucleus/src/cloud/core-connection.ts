/** The core's connection with AWS IoT Core: it may be gone and come back at any time. */
export interface CoreConnection {
  readonly connected: boolean;
  /** Resolves when the cloud has it. Rejects without a connection: whoever wants it sent keeps it. */
  publish(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void>;
  /** Resolves when the cloud knows it; without a connection at once. It is asked for again by itself. Rejects when refused. */
  subscribe(filter: string, onMessage: (topic: string, payload: Uint8Array) => void): Promise<CoreSubscription>;
  /** Called at each connection, at once when there is one. @returns stops it */
  onConnected(task: () => void): () => void;
}

export interface CoreSubscription {
  end(): Promise<void>;
}
