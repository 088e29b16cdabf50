import type { PolicyStatement } from '../../core/iam/policy-document.ts';

/** A function as it is kept on disk. */
export interface FunctionRecord {
  readonly name: string;
  readonly arn: string;
  readonly runtime: SupportedRuntime;
  readonly handler: string;
  readonly role: string;
  readonly description: string;
  /** seconds */
  readonly timeout: number;
  /** MB */
  readonly memorySize: number;
  /** Undefined when none was ever set. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  readonly architecture: 'x86_64' | 'arm64';
  /** MB */
  readonly ephemeralStorage: number;
  readonly tracingMode: 'Active' | 'PassThrough';
  readonly logging: LoggingSettings;
  readonly deadLetterArn: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly code: InstalledCode;
  /** ISO 8601 with offset, as the API writes it. */
  readonly lastModified: string;
  readonly revisionId: string;
  readonly reservedConcurrency: number | undefined;
  readonly policy: readonly PolicyStatement[];
  readonly eventInvoke: EventInvokeSettings | undefined;
}

export const SUPPORTED_RUNTIMES = ['nodejs22.x', 'nodejs24.x'] as const;
export type SupportedRuntime = (typeof SUPPORTED_RUNTIMES)[number];

export interface InstalledCode {
  /** Hexadecimal SHA-256 over paths and contents; the name of its directory. */
  readonly digest: string;
  /** bytes, unzipped */
  readonly size: number;
}

export interface LoggingSettings {
  readonly logFormat: 'Text' | 'JSON';
  readonly logGroup: string;
  /** JSON format only. */
  readonly applicationLogLevel?: LogLevelName | undefined;
  readonly systemLogLevel?: 'DEBUG' | 'INFO' | 'WARN' | undefined;
}

export type LogLevelName = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';

export interface EventInvokeSettings {
  readonly maximumRetryAttempts?: number | undefined;
  /** seconds */
  readonly maximumEventAge?: number | undefined;
  readonly onSuccess?: string | undefined;
  readonly onFailure?: string | undefined;
  /** ms since the epoch */
  readonly lastModified: number;
}
