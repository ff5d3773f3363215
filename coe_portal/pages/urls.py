from django.urls import path

from coe_portal.pages.views import audit, home, layouts, me, people, portfolio, saved_views, search

app_name = "pages"
urlpatterns = [
    path("", home.home, name="home"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/export.csv", portfolio.export, name="portfolio_export"),
    path("portfolio/board/", layouts.board, name="portfolio_board"),
    path("portfolio/matrix/", layouts.matrix, name="portfolio_matrix"),
    path("views/", saved_views.views, name="views"),
    path("views/<str:view_id>/", saved_views.change, name="view_change"),
    path("views/<str:view_id>/remove/", saved_views.remove, name="view_remove"),
    path("search/", search.search, name="search"),
    path("people/", people.suggest, name="people"),
    path("audit/", audit.trail, name="audit"),
    path("audit/check/", audit.check, name="audit_check"),
    path("audit/export.csv", audit.export, name="audit_export"),
    path("me/", me.account, name="me"),
    path("me/preferences/", me.preferences, name="me_preferences"),
    path("me/theme/", me.theme, name="me_theme"),
    path("me/tokens/", me.create_token, name="me_token_create"),
    path("me/tokens/<str:token_id>/revoke/", me.revoke_token, name="me_token_revoke"),
]
