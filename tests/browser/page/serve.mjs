// The page's half of tests/support/bare-page.mjs: window.bare, through which methods are called from outside. Outcomes are
// plain data: { value } or { error: { name, code, message, hint, details } }.

/**
 * @param {Record<string, (args: object) => unknown>} methods
 * @param {(error: unknown) => string | undefined} [nameOf] names an error's class where the error itself does not
 */
export function serve(methods, nameOf = () => undefined) {
  const failure = (error) => ({
    error: {
      name: nameOf(error) ?? error?.name ?? 'Error',
      code: error?.code ?? 'unexpected',
      message: String(error?.message ?? error),
      hint: error?.hint ?? '',
      details: error?.details ?? {},
    },
  });
  const outcomes = new Map();
  window.bare = {
    /** Begins a call; its outcome can be taken later, however long it lasts. */
    begin(id, method, args) {
      Promise.resolve()
        .then(() => methods[method](args))
        .then((value) => ({ value }), failure)
        .then((outcome) => outcomes.set(id, outcome));
      return true;
    },
    take(id) {
      const outcome = outcomes.get(id);
      outcomes.delete(id);
      return outcome;
    },
  };
}
