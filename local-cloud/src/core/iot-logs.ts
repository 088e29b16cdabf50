/** Who caused an entry of the AWS IoT logs. */
export interface IotLogSubject {
  readonly clientId?: string | undefined;
  readonly principalId?: string | undefined;
  readonly sourceIp?: string | undefined;
}

export type IotLogLevel = 'ERROR' | 'WARN' | 'INFO' | 'DEBUG';

/** One entry (developer guide, `cwl-format`); time, trace and account are added to it. */
export interface IotLogEntry extends IotLogSubject {
  readonly logLevel: IotLogLevel;
  readonly status: 'Success' | 'Failure';
  /** `Connect`, `Publish-In`, `RuleExecution` */
  readonly eventType: string;
  readonly protocol?: 'MQTT' | 'HTTP';
  readonly topicName?: string;
  readonly ruleName?: string;
  readonly ruleAction?: string;
  readonly resources?: Readonly<Record<string, string>>;
  readonly retain?: 'True';
  readonly disconnectReason?: string;
  readonly reason?: string;
  readonly details?: string;
}

/** AWS IoT's own logs in Amazon CloudWatch Logs; provided by services/iot, told by the broker and the rules engine. */
export interface IotLogs {
  /** Any entry of this level may be written; asked before one is made, so that logs that are off cost nothing. */
  wants(level: IotLogLevel): boolean;
  /** Takes it along, or drops it where the subject's own level says so. Never throws, never waits. */
  write(entry: IotLogEntry): void;
}
