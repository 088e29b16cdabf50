import type { ComponentLog } from '../component.ts';

export interface LoggedLine {
  readonly level: keyof ComponentLog;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that remembers. For tests. */
export class TestLog implements ComponentLog {
  readonly lines: LoggedLine[] = [];

  debug(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'debug', message, fields });
  }

  info(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'info', message, fields });
  }

  warn(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'warn', message, fields });
  }

  error(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'error', message, fields });
  }

  /** Messages of a level. */
  messages(level: keyof ComponentLog): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }
}
