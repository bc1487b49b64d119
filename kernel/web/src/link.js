// What stands behind # in a mailed link is never sent to a server by itself. Here it goes into the form, and out of the
// address, where it could be read over a shoulder or from the history.
"use strict";
const code = location.hash.slice(1);
const field = document.getElementById("token");
if (code && field) {
  if (!field.value) field.value = code;
  history.replaceState(null, "", location.pathname);
}
