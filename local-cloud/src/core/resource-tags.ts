/**
 * Tags of resources that another plugin keeps than the one whose operations list them: AWS IoT's TagResource,
 * UntagResource and ListTagsForResource serve topic rules too, which the rules engine keeps.
 */
export interface ResourceTags {
  /** Undefined when there is no such resource. */
  get(resourceArn: string): Readonly<Record<string, string>> | undefined;
  /** Makes the tags of an existing resource exactly these. */
  set(resourceArn: string, tags: Readonly<Record<string, string>>): Promise<void>;
}
