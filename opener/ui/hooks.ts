import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Problem, Progress, Questions } from '../data/protocol.js';
import { type Client, Refused } from './client.js';

/** An answer of the worker that is on its way or there. */
export interface Answer<Result> {
  readonly result: Result | null;
  readonly problem: Problem | null;
  readonly progress: Progress | null;
}

/** Asks the worker again whenever `given` changes, and cancels what is no longer needed. */
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
    // The old result stays until the new one comes, so that the page does not flicker.
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
 * Focuses the heading of a screen when it appears, so that a screen reader begins there. It does so before
 * the screen is visible, so that the focus is never taken from a person who already types.
 */
export function useFocus<Element extends HTMLElement>(): { readonly current: Element | null } {
  const heading = useRef<Element>(null);
  useLayoutEffect(() => {
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return heading;
}

/** A text with a delay, so that not every letter starts a search. */
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
