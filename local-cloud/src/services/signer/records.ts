/** Times in ms since the epoch. */
export interface ProfileRecord {
  readonly name: string;
  readonly arn: string;
  /** Ten characters; a name keeps one profile for ever. */
  readonly version: string;
  readonly platformId: string;
  readonly certificateArn: string;
  readonly validity: { readonly value: number; readonly type: 'DAYS' | 'MONTHS' | 'YEARS' };
  readonly overrides: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  status: 'Active' | 'Canceled' | 'Revoked';
  revocation?: { readonly effectiveFrom: number; readonly at: number; readonly by: string };
  tags: Readonly<Record<string, string>>;
}

export interface JobRecord {
  readonly id: string;
  readonly token: string;
  readonly profileName: string;
  readonly profileVersion: string;
  readonly platformId: string;
  readonly certificateArn: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly source: { readonly bucketName: string; readonly key: string; readonly version: string };
  readonly destination: { readonly bucketName: string; readonly prefix: string };
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly requestedBy: string;
  status: 'InProgress' | 'Failed' | 'Succeeded';
  statusReason: string;
  completedAt?: number;
  signedKey?: string;
  revocation?: { readonly reason: string; readonly at: number; readonly by: string };
}
