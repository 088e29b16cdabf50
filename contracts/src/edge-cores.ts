/** Attribute of a core's thing: its group, where it is not the one of its site. */
export const CORE_GROUP_ATTRIBUTE = 'coreGroup';

/**
 * Last level of the topic below a core's own address where its spool asks the cloud whether it has what was sent before:
 * published, subscribed and received by the core itself.
 */
export const ECHO_LEVEL = 'echo';

/** Group of cores that run the same with the same configuration. `name`: a site, or a group of the configuration. */
export function coreGroupName(topicRoot: string, name: string): string {
  return `${topicRoot}-cores-${name}`;
}
