/** What is delivered first, and dropped last, stands first. */
export const PRIORITIES = ['alarm', 'normal', 'bulk'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** 0 is the most urgent. */
export type Rank = number;

export function rankOf(priority: Priority): Rank {
  return PRIORITIES.indexOf(priority);
}

export function priorityOf(rank: Rank): Priority {
  return PRIORITIES[rank] as Priority;
}
