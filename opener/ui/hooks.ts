import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Problem, Progress, Questions } from '../data/protocol.js';
import { type Client, Refused } from './client.js';

/** An answer of the worker that is on its way or there. */
export interface Answer<Result> {
  readonly result: Result | null;
  readonly problem: Problem | null;
  readonly progress: Progress | null;
}

/** Asks the worker anew whenever `given` changes, and gives up what is no longer wanted. */
export function useAnswer<Name extends keyof Questions>(
  client: Client,
  question: Name,
  given: Parameters<Questions[Name]>,
  version: unknown = null,
): Answer<ReturnType<Questions[Name]>> {
  type Result = ReturnType<Questions[Name]>;
  const [answer, setAnswer] = useState<Answer<Result>>({ result: null, problem: null, progress: null });
  const wanted = JSON.stringify(given);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    // What was there stays until the new is: a page that flickers is hard to read.
    setAnswer(({ result }) => ({ result, problem: null, progress: null }));
    client
      .ask(question, given, {
        signal,
        onProgress: (progress) => setAnswer(({ result }) => ({ result, problem: null, progress })),
      })
      .then(
        (result) => signal.aborted || setAnswer({ result, problem: null, progress: null }),
        (error: unknown) =>
          signal.aborted || setAnswer({ result: null, problem: asProblem(error), progress: null }),
      );
    return () => controller.abort();
  }, [client, question, wanted, version]);
  return answer;
}

export function asProblem(error: unknown): Problem {
  return error instanceof Refused ? error.problem : { kind: 'unexpected', detail: String(error) };
}

/**
 * Puts the focus on the heading of a screen when it appears, so that a screen reader begins there. Before
 * anybody can see the screen, so that it is never taken away from a person who types already.
 */
export function useFocus<Element extends HTMLElement>(): { readonly current: Element | null } {
  const heading = useRef<Element>(null);
  useLayoutEffect(() => {
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return heading;
}

/** A text as it was a moment ago: not every letter is worth a search. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 150);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** Hands a file to the browser for saving. */
export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
