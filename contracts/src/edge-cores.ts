/** Attribute of a core's thing: its group, where it is not the one of its site. */
export const CORE_GROUP_ATTRIBUTE = 'coreGroup';

/** Group of cores that run the same with the same configuration. `name`: a site, or a group of the configuration. */
export function coreGroupName(topicRoot: string, name: string): string {
  return `${topicRoot}-cores-${name}`;
}
