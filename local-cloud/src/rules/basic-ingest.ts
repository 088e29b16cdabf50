const PREFIX = '$aws/rules/';

export interface BasicIngestTopic {
  readonly ruleName: string;
  /** What follows the rule's name, without the slash; may be empty. */
  readonly topic: string;
}

/** Reads `$aws/rules/<rule>/<topic>` ("Reducing messaging costs with Basic Ingest"); Undefined for other topics. */
export function splitBasicIngest(topic: string): BasicIngestTopic | undefined {
  if (!topic.startsWith(PREFIX)) return undefined;
  const slash = topic.indexOf('/', PREFIX.length);
  if (slash < 0) return { ruleName: topic.slice(PREFIX.length), topic: '' };
  return { ruleName: topic.slice(PREFIX.length, slash), topic: topic.slice(slash + 1) };
}
