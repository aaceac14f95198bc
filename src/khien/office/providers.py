"""What django-allauth asks us: how secrets are kept, and what happens when another provider says who somebody is."""

from __future__ import annotations

from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from khien.office.acts import signing
from khien.office.acts.record import Actor, record
from khien.office.models import User
from khien.office.sealing import seal, unseal

SAID = "said"
"""Key of the session under which stands what the sign-in page is to say."""


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts are made by invitation."""
        return False


class Factors(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are sealed; the app shows the office's name."""

    def encrypt(self, text: str) -> str:
        """Sealed with the office's key."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Unsealed."""
        return unseal(encrypted_text)

    def get_totp_issuer(self) -> str:
        """The name beside the code."""
        return "Khiên"

    def _get_site_name(self) -> str:
        return "Khiên"

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.email)


class Providers(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """A provider says who somebody is; whether that person has an account here, the office says."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Sign in the account that is tied to this person there; tie it the first time, by the verified address."""
        told = sociallogin.account
        tied = SocialAccount.objects.filter(provider=told.provider, uid=told.uid).select_related("user").first()
        user = self._by_address(sociallogin) if tied is None else User.objects.get(pk=tied.user_id)
        if user is None or not user.is_active:
            _back(request, "office_trouble_not_invited")
        if tied is None:
            if SocialAccount.objects.filter(provider=told.provider, user_id=user.pk).exists():
                # The address went to somebody else over there: an administrator has to look.
                _back(request, "office_trouble_not_invited")
            with transaction.atomic():
                SocialAccount.objects.create(user_id=user.pk, provider=told.provider, uid=told.uid, extra_data={})
                record(Actor(user), "account.tie", user, None, {"provider": told.provider, "person": told.uid})
        where = str(sociallogin.state.get("next") or "/")
        if not url_has_allowed_host_and_scheme(where, allowed_hosts=None):
            where = "/"
        if signing.arrive(request, user, "oidc") is None:
            where = f"{reverse('second-step')}?{urlencode({'next': where})}"
        raise ImmediateHttpResponse(HttpResponseRedirect(where))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Back to our own page, which says that it did not work."""
        _back(request, "office_trouble_provider")

    def _by_address(self, sociallogin: Any) -> User | None:
        """The account that was invited under the address, when the provider has verified that it is the person's."""
        verified = [one.email.strip().lower() for one in sociallogin.email_addresses if one.verified is True]
        return User.objects.filter(email__in=verified, is_active=True).first() if len(verified) == 1 else None


def _back(request: HttpRequest, key: str) -> NoReturn:
    request.session[SAID] = key
    raise ImmediateHttpResponse(HttpResponseRedirect(reverse("sign-in")))
