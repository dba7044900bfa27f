"""Configurations as people write them, for the tests of their readers."""

from __future__ import annotations

NGINX = {
    "/etc/nginx/nginx.conf": """
user www-data; events { worker_connections 64; }
http {
  # include /etc/nginx/never.conf;
  log_format main '$remote_addr "quoted; {braces}"';
  include /etc/nginx/conf.d/*.conf;
  map $http_upgrade $upgraded { default upgrade; '' close; }
}
""",
    "/etc/nginx/conf.d/pools.conf": """
upstream shop { least_conn; server 10.0.0.12:8080 weight=3; server 10.0.0.13:8080;
  server 10.0.0.14:8080 backup; server 10.0.0.15:8080 down; server unix:/run/x.sock; }
""",
    "/etc/nginx/conf.d/shop.conf": """
server {
  listen 80 default_server; listen [::]:443 ssl;
  server_name shop.example.org www.shop.example.org ~^x\\d+$ *.example.com;
  ssl_certificate /etc/ssl/shop.pem; ssl_certificate_key /etc/ssl/shop.key;
  location / { proxy_pass http://shop/; }
  location /mail { if ($host) { proxy_pass https://10.0.0.20; } }
  location /static { root /srv; }
}
server { listen 8081; return 301 https://shop.example.org; }
""",
}

HAPROXY = """
global
  maxconn 100
  stats socket /run/haproxy.sock mode 660   # not for us
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend web
  default_backend app
  bind 127.0.0.1:{http}
  bind 127.0.0.1:{https} ssl crt {crt} alpn h2
  acl mail hdr(host) -i mail.example.org
  use_backend mail if mail
backend app
  balance roundrobin
  server app1 10.99.0.12:8080 check inter 2s weight 10
  server app2 10.99.0.13:8080 check backup
  server old 10.99.0.14:8080 disabled
  server none 10.99.0.15:8080 weight 0
backend mail
  server mail1 mail.example.org:25 check init-addr none
listen db
  bind 127.0.0.1:{db}
  mode tcp
  server db1 10.99.0.21:5432
"""


def haproxy(crt: str = "/etc/ssl/x.pem") -> str:
    text = HAPROXY
    for name, value in {"http": "20080", "https": "20443", "db": "25432", "crt": crt}.items():
        text = text.replace("{" + name + "}", value)
    return text


APACHE = {
    "/etc/apache2/apache2.conf": "Listen 80\nIncludeOptional sites-enabled/*.conf\n",
    "/etc/apache2/sites-enabled/shop.conf": """
<Proxy "balancer://shop">
  BalancerMember "http://10.0.0.12:8080" loadfactor=2
  BalancerMember http://10.0.0.13:8080 \\
      status=+H
  BalancerMember http://10.0.0.14:8080 status=+D
</Proxy>
<VirtualHost *:443>
  ServerName shop.example.org
  ServerAlias www.shop.example.org *.x.example.org
  SSLCertificateFile /etc/ssl/shop.pem
  ProxyPass /static !
  ProxyPass / balancer://shop/
  <Location "/mail">
    ProxyPass http://10.0.0.20:8025/
  </Location>
  RewriteRule ^/api/(.*)$ http://10.0.0.30:9000/$1 [P,L]
</VirtualHost>
<VirtualHost 10.0.0.1:80>
  ServerName plain.example.org
  DocumentRoot /srv
</VirtualHost>
""",
}

ENVOY = """
static_resources:
  listeners:
  - name: web
    address: { socket_address: { address: 0.0.0.0, port_value: 443 } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          route_config:
            virtual_hosts:
            - domains: ["shop.example.org", "*"]
              routes:
              - match: { prefix: "/mail" }
                route: { cluster: mail }
              - match: { prefix: "/" }
                route: { weighted_clusters: { clusters: [ { name: app, weight: 90 } ] } }
      transport_socket:
        typed_config:
          common_tls_context:
            tls_certificates:
            - certificate_chain: { filename: /etc/envoy/shop.pem }
  - name: db
    address: { socket_address: { address: 10.0.0.1, port_value: 5432 } }
    filter_chains: [ { filters: [ { typed_config: { cluster: db } } ] } ]
  clusters:
  - name: app
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 10.0.0.12, port_value: 8080 } } }
        - endpoint: { address: { pipe: { path: /run/x } } }
      - priority: 1
        lb_endpoints:
        - endpoint: { address: { socket_address: { address: 10.0.0.13, port_value: 8080 } } }
  - { name: mail }
  - { name: db }
"""

ZONE = """$TTL 300
@ IN SOA ns1.example.org. admin.example.org. ( 1 3600 600 86400 60 )
@ IN NS ns1
ns1 IN A 10.0.0.2
shop 60 IN A 10.0.0.11
shop IN A 10.0.0.10
www IN CNAME shop
bad IN A 10.0.0.999

@ IN MX 10 mail
mail IN AAAA 2001:db8::1
@ IN TXT "secret-of-somebody"
odd IN WHATEVER x
"""
