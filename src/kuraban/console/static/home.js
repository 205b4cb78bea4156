// The owner's pages. Whoever double-clicks everything must not answer the next question by the second click: the page
// changes in between, and the same place may be another button. Browsers count clicks; the second of two does nothing.
"use strict";
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("button, a.button")) { event.preventDefault(); event.stopPropagation(); }
}, true);
