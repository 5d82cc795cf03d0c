import { posix } from "node:path";

/** A file or folder that a document names. */
export interface Mention {
  /** Path in the repository. */
  readonly path: string;
  readonly line: number;
}

const rootedPath = /`((?:packages|test|scripts|docs|\.ci)\/[\w./-]*)`/g;
const link = /\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g;

/** Paths in backticks that start at the root of the repository, and targets of relative links. */
export function findMentions(document: string, text: string): readonly Mention[] {
  return text.split("\n").flatMap((content, index) => {
    const named = [...content.matchAll(rootedPath)].map(([, path = ""]) => path);
    const linked = [...content.matchAll(link)].map(([, path = ""]) => posix.join(posix.dirname(document), path));
    return [...named, ...linked].map((path) => ({ path: path.replace(/\/$/, ""), line: index + 1 }));
  });
}
