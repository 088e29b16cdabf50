/** Who had a device quarantined: `violation` and `finding` are automatic, and bounded. */
export type Origin = 'operator' | 'violation' | 'finding';

/** The `…ing` states are written before anything is done, so that whoever comes after a crash goes on. */
export type QuarantineState = 'quarantining' | 'quarantined' | 'releasing' | 'released';

/** What is kept of a device, for ever: why it was cut off, and what its release has to restore. */
export interface QuarantineRecord {
  readonly thingName: string;
  readonly state: QuarantineState;
  /** Grows with each change of the record, and tells whether somebody else was faster. */
  readonly revision: number;
  /** ms since the epoch; names one quarantine of a device. */
  readonly since: number;
  readonly origin: Origin;
  readonly by: string;
  readonly reason: string;
  /** The device was in the group before: then it stays there when it is released. */
  readonly wasMember: boolean;
  /** Ids of certificates that the quarantine deactivated. */
  readonly deactivated: readonly string[];
  readonly releasedAt?: number;
  readonly releasedBy?: string;
  readonly releaseReason?: string;
}

export interface QuarantineRequest {
  readonly thingName: string;
  readonly origin: Origin;
  readonly by: string;
  readonly reason: string;
  /** ms since the epoch, when what is complained of happened */
  readonly at: number;
}

export type Outcome =
  | 'QUARANTINED'
  | 'ALREADY_QUARANTINED'
  | 'RELEASED'
  | 'NOT_QUARANTINED'
  | 'CONFIRMED'
  | 'CERTIFICATES_DEACTIVATED'
  /** Another quarantine, or none, by now. */
  | 'OUTDATED'
  /** No device of this stage. */
  | 'FOREIGN_THING'
  | 'NO_SUCH_THING'
  | 'BOUND_REACHED'
  | 'IN_GRACE';

export interface QuarantineSettings {
  readonly topicRoot: string;
  /** Automatic quarantines in an hour. */
  readonly maxPerHour: number;
  /** ms */
  readonly grace: number;
}

export interface RecordPorts {
  find(thingName: string): Promise<QuarantineRecord | undefined>;
  /** Writes `next` when the record still has the revision before. Resolves to whether it did. */
  replace(next: QuarantineRecord): Promise<boolean>;
  /** Takes one of an hour's places; again for the same device: the place it has. Resolves to false when all are taken. */
  reserve(hour: number, thingName: string, places: number): Promise<boolean>;
}

export interface DevicePorts {
  exists(thingName: string): Promise<boolean>;
  isMember(thingName: string): Promise<boolean>;
  addToGroup(thingName: string): Promise<void>;
  removeFromGroup(thingName: string): Promise<void>;
  isConnected(thingName: string): Promise<boolean>;
  /** Ends the live connection, and the session with it; none is fine. */
  disconnect(thingName: string): Promise<void>;
  /** Ids of the thing's active certificates. */
  activeCertificates(thingName: string): Promise<readonly string[]>;
  deactivate(certificateId: string): Promise<void>;
  /** Only a certificate that is INACTIVE: one that was revoked or is gone stays so. */
  activate(certificateId: string): Promise<void>;
}

export interface QuarantinePorts extends RecordPorts, DevicePorts {
  /** ms since the epoch */
  now(): number;
  /** Has {@link Outcome} `CONFIRMED` or `CERTIFICATES_DEACTIVATED` come after some minutes. */
  confirmLater(thingName: string, since: number): Promise<void>;
}
