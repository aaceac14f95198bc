// Speaks with a key for the forms that ask for one; without a browser that can, their buttons stay hidden.
"use strict";
for (const form of document.querySelectorAll("form[data-key]")) {
  if (!window.PublicKeyCredential) continue;
  const button = form.querySelector("button[type=button]");
  const trouble = form.querySelector("[role=alert]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!form.reportValidity()) return;
    trouble.hidden = true;
    try {
      const answer = await window.webauthnJSON[form.dataset.key](JSON.parse(form.dataset.asked));
      form.elements.answer.value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      trouble.hidden = false;
    }
  });
}
