// Each rule is an error, so nothing is a warning that people learn to overlook. Formatting belongs to prettier.
module.exports = {
  rules: {
    // A bare `uint` hides how wide a packed field is.
    "explicit-types": ["error", "explicit"],
    // Functions are extracted by meaning; past this the reader scrolls back.
    "function-max-lines": ["error", 60],
    "code-complexity": ["error", 10],
    // `I` in front tells an interface from the contract of the same name.
    "interface-starts-with-i": "error",
    "no-console": "error",
    "no-empty-blocks": "error",
    // Named imports show where each name comes from, and nothing is imported unread.
    "no-global-import": "error",
    "no-unused-import": "error",
    "no-unused-vars": "error",
    "no-unused-private-funcs": "error",
    "duplicated-imports": "error",
    "imports-on-top": "error",
    // Reverts are typed errors that carry the deciding values.
    "gas-custom-errors": "error",
    // Naming is the same everywhere, so a name tells its kind.
    "const-name-snakecase": "error",
    "contract-name-capwords": "error",
    "event-name-capwords": "error",
    "func-name-mixedcase": "error",
    "immutable-vars-naming": ["error", { immutablesAsConstants: true }],
    "use-forbidden-name": "error",
    "var-name-mixedcase": "error",
    "visibility-modifier-order": "error",
    // Ways of moving money or trust that nobody here should need.
    "avoid-call-value": "error",
    "avoid-sha3": "error",
    "avoid-suicide": "error",
    "avoid-throw": "error",
    "avoid-tx-origin": "error",
    "check-send-result": "error",
    "multiple-sends": "error",
    "no-unchecked-calls": "error",
    "not-rely-on-block-hash": "error",
    "func-visibility": ["error", { ignoreConstructors: true }],
    "state-visibility": "error",
    // Transient storage and mcopy, on which the settlement path rests, exist from here on.
    "compiler-version": ["error", "^0.8.24"],
    quotes: ["error", "double"],
  },
};
